// Uses the chat while every name is taken, notes what came of it, and takes the names away again.
{
  const one = (css) => Document.prototype.querySelector.call(document, css);
  const hostile = [document.title, document.body, document.addEventListener].every((taken) => taken instanceof Element);
  Causeway.open();
  Causeway.close();
  HTMLElement.prototype.click.call(one("#help"));
  const root = one("causeway-launcher").shadowRoot;
  window.tried = {
    hostile,
    global: typeof Causeway.open,
    frame: root.querySelector("iframe").src,
    open: root.querySelector("[data-testid=launcher]").ariaExpanded,
  };
  for (const taken of [...Document.prototype.querySelectorAll.call(document, "img, form, a")]) taken.remove();
}
