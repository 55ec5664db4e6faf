// The report form's extras: pictures are made smaller and shown before they are sent.
import { announce } from "./announcing.js";

const LONGEST_SIDE = 2400;
const SMALL_ENOUGH = 1.5 * 1024 * 1024;
const QUALITY = 0.85;

for (const input of document.querySelectorAll("input[data-shrink]")) input.addEventListener("change", () => prepare(input));

async function prepare(input) {
  const room = Math.max(0, Number(input.dataset.most) - Number(input.dataset.already));
  const chosen = [...input.files];
  if (chosen.length > room) announce(input.dataset.tooMany);
  const files = [];
  for (const file of chosen.slice(0, room)) files.push(await smaller(file));
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  input.files = list.files;
  show(input, files, chosen);
}

// Whatever the browser cannot read is sent as it is; the server says what it thinks of it.
async function smaller(file) {
  try {
    return await drawn(file);
  } catch {
    return file;
  }
}

async function drawn(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= SMALL_ENOUGH && /^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], file.name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg" });
}

function show(input, files, chosen) {
  const list = input.parentElement.querySelector("[data-previews]");
  if (!list) return;
  for (const old of list.querySelectorAll("img")) URL.revokeObjectURL(old.src);
  list.replaceChildren();
  files.forEach((file, index) => {
    const item = document.createElement("li");
    const image = document.createElement("img");
    image.src = URL.createObjectURL(file);
    image.alt = "";
    image.addEventListener("error", () => image.remove());
    const words = document.createElement("span");
    const made = file.size < chosen[index].size ? ` · ${input.dataset.madeSmaller}` : "";
    words.textContent = `${file.name} (${Math.max(1, Math.round(file.size / 1024))} KB${made})`;
    item.append(image, words);
    list.append(item);
  });
  list.hidden = files.length === 0;
}
