// Characters and SMS segments of a text, counted as carriers count them.
const gsm7 =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const gsm7Twice = "^{}\\[~]|€\f";

export function segments(text) {
  let septets = 0;
  for (const character of text) {
    if (gsm7.includes(character)) septets += 1;
    else if (gsm7Twice.includes(character)) septets += 2;
    // One character outside the alphabet turns the whole text into two-byte units: 70 alone, 67 a part.
    else return text.length <= 70 ? Math.sign(text.length) : Math.ceil(text.length / 67);
  }
  return septets <= 160 ? Math.sign(septets) : Math.ceil(septets / 153);
}

export function countCharacters(area, target) {
  if (!target) return;
  const text = area.value.normalize("NFC");
  target.textContent = target.dataset.words
    .replace("{characters}", [...text].length)
    .replace("{segments}", segments(text));
  const most = Number(target.dataset.most || Infinity);
  if (text.length > most) target.textContent += ` — ${target.dataset.beyond}`;
}
