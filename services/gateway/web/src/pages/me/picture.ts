const SIDE = 256; // pixels: sharp on a phone, and a camera's place and time never leave the browser
const QUALITY = 0.88;

/** The part of a picture that becomes a round portrait: the largest square in its middle. */
export function middle(width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height);
  return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), side };
}

/** A small square JPEG of a chosen picture; rejects what is no picture. */
export async function portrait(file: File): Promise<Blob> {
  const drawn = await createImageBitmap(file);
  const { x, y, side } = middle(drawn.width, drawn.height);
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const brush = canvas.getContext("2d");
  if (!brush) throw new Error("no canvas");
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, SIDE, SIDE);
  brush.drawImage(drawn, x, y, side, side, 0, 0, SIDE, SIDE);
  drawn.close();
  return new Promise((done, fail) => canvas.toBlob((made) => (made ? done(made) : fail(new Error("no picture"))), "image/jpeg", QUALITY));
}
