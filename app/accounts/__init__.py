"""Who may come in: passwords, second factors, enrolment links and API tokens. The pages are in app/web."""
