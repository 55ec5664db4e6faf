"""The frame of the public pages in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.looking import axe_findings, sideways_scroll


@pytest.mark.parametrize("dark", [False, True])
def test_the_sign_in_page_is_clean_for_axe_and_fits_a_small_phone(new_page: Callable[..., Page], dark: bool) -> None:
    page = new_page(width=360, dark=dark)

    page.goto("/sign-in")

    assert axe_findings(page) == []
    assert sideways_scroll(page) == 0
