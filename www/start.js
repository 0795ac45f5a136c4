// How chat and console start: the reader's texts and the program are loaded at the same time; if that fails, a text says so.
// The relay has chosen the language and written it into the page, with the address of its texts.

export const root = document.documentElement;

/** A box instead of the page. Its words cannot come from the catalogue: that may be what is missing. */
export function stop(className, english, chinese) {
  const zh = root.lang.startsWith("zh");
  const box = document.createElement("div");
  box.className = className;
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = zh ? chinese : english;
  const again = document.createElement("button");
  again.className = "button button--main";
  again.textContent = zh ? "重试" : "Try again";
  again.onclick = () => location.reload();
  box.append(words, again);
  document.body.replaceChildren(box);
}

/** A trap of the program ends it: nothing it shows would ever change again, so it must not stay. */
export const onTrap = (run) => addEventListener("error", ({ error }) => error instanceof WebAssembly.RuntimeError && run());

/** The texts in the reader's language. */
export async function texts() {
  const answer = await fetch(root.dataset.locale);
  if (!answer.ok) throw new Error(`the texts came with status ${answer.status}`);
  return answer.json();
}
