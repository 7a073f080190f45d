// The map as a picture to save: its colours, axes, edges and legend in one SVG, or as pixels of it.

const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size"];
const LINE = 20; // pixels that a line of the legend is high
const SHARPNESS = 3; // pixels of a PNG for one of the page

/** Give an element of a picture the looks that the page's style gives its original. */
function withLooks(copy, original) {
  const style = getComputedStyle(original);
  for (const name of LOOKS) copy.setAttribute(name, style.getPropertyValue(name));
}

/** The map with its legend and with how to ask for it, as the text of an SVG file. */
function mapPicture({ canvas, svg, width, height, margin }, legend, asked) {
  const axes = svg.cloneNode(true), originals = svg.querySelectorAll("*");
  axes.querySelectorAll("*").forEach((part, i) => withLooks(part, originals[i]));
  axes.querySelector(".point").remove();
  const entries = [...legend.children].map((entry, i) => {
    const y = height + (i + 0.5) * LINE, colour = entry.querySelector("i:not(.bar)");
    const line = entry.querySelector("line");
    let mark = "";
    if (colour) mark = `<rect x="${margin.left}" y="${y - 6}" width="24" height="12" fill="${colour.style.backgroundColor}"/>`;
    if (line) {
      const copy = line.cloneNode();
      withLooks(copy, line);
      mark = `<g transform="translate(${margin.left} ${y - 6})">${copy.outerHTML}</g>`;
    }
    if (entry.querySelector(".bar")) {
      const shades = TABLES.palette.map((shade, k) =>
        `<rect x="${margin.left + k / 4}" y="${y - 6}" width="0.5" height="12" fill="${shade}"/>`);
      mark = shades.join("");
    }
    const words = entry.textContent.trim().replace(/\s+/g, " ").replace(/ 1$/, " to 1");
    return `${mark}<text x="${margin.left + 46}" y="${y}" dy="0.33em">${escaped(words)}</text>`;
  });
  const down = height + entries.length * LINE + 6;
  const { color, backgroundColor, fontFamily } = getComputedStyle(document.body);
  const inside = `x="${margin.left}" y="${margin.top}" width="${width - margin.left - margin.right}" `
    + `height="${height - margin.top - margin.bottom}"`;
  const picture = svg.cloneNode(false);
  for (const name of ["id", "aria-hidden"]) picture.removeAttribute(name);
  const looks = { width, height: down, viewBox: `0 0 ${width} ${down}`, "font-family": fontFamily };
  for (const [name, value] of Object.entries(looks)) picture.setAttribute(name, value);
  picture.innerHTML = `<desc>${escaped(asked)}</desc>`
    + `<rect width="100%" height="100%" fill="${backgroundColor}"/>`
    + `<image ${inside} preserveAspectRatio="none"/>`
    + `${axes.innerHTML}<g fill="${color}" font-size="13">${entries.join("")}</g>`;
  picture.querySelector("image").setAttribute("href", canvas.toDataURL());
  return new XMLSerializer().serializeToString(picture);
}

/** Save a picture as name.svg, or as name.png. */
async function savePicture(picture, name, ending) {
  let file = new Blob([picture], { type: "image/svg+xml" });
  if (ending === "png") {
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(picture)}`;
    await image.decode();
    const pixels = document.createElement("canvas");
    [pixels.width, pixels.height] = [image.width, image.height].map((side) => side * SHARPNESS);
    pixels.getContext("2d").drawImage(image, 0, 0, pixels.width, pixels.height);
    file = await new Promise((done) => { pixels.toBlob(done); });
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
