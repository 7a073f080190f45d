// The derivations of the methods, which the page holds compressed.

const derivations = () => JSON.parse(document.getElementById("derivations").textContent);
const hasDerivations = () => Object.keys(derivations()).length > 0;

/** The derivation of a method as HTML. */
async function derivationOf(name) {
  const packed = derivations()[name];
  const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function showDerivation(name) {
  const dialog = element("derivation"), article = dialog.querySelector("article");
  article.innerHTML = await derivationOf(name);
  dialog.showModal();
  dialog.scrollTop = 0;
}
