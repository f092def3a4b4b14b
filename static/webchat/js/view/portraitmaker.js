/**
 * Makes the picture of a profile from a file: square, small, and without anything that the file says beside it
 * (where a photograph was taken, for instance).
 */

import { limits } from "../limits.js";

export const SIDE_PX = 160;
const QUALITIES = [0.9, 0.8, 0.65, 0.5, 0.3, 0.1];

/** `{canvas, base64}`, or null for a file that is no picture, or too large a one. */
export async function portraitFrom(file) {
  if (file.size > limits.file_bytes) return null;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return null; // the browser knows no such picture
  }
  const canvas = drawn(bitmap);
  bitmap.close();
  for (const quality of QUALITIES) {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (blob && blob.size <= limits.picture_bytes) return { canvas, base64: await base64Of(blob) };
  }
  return null;
}

/** The middle of the picture, as large as fits, on white where it is transparent. */
function drawn(bitmap) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE_PX;
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, SIDE_PX, SIDE_PX);
  context.imageSmoothingQuality = "high";
  const side = Math.min(bitmap.width, bitmap.height);
  const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.drawImage(bitmap, x, y, side, side, 0, 0, SIDE_PX, SIDE_PX);
  return canvas;
}

async function base64Of(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}
