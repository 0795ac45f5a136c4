// Starts the console: picks the agent's language, loads its texts and the program at the same time, then hands over.
import init, { start } from "/assets/console.js";

const root = document.documentElement;

/** The first wish that there is a catalogue for: the same tag, else the same language; else English. */
function choose(wishes, tags) {
  const language = (tag) => tag.toLowerCase().split("-")[0];
  for (const wish of wishes) {
    const same = tags.find((tag) => tag.toLowerCase() === wish.toLowerCase());
    const near = tags.find((tag) => language(tag) === language(wish));
    if (same || near) return same || near;
  }
  return "en";
}

/** A box instead of the console. Its words cannot come from the catalogue: that may be what is missing. */
function stop(english, chinese) {
  const zh = root.lang.startsWith("zh");
  const box = document.createElement("div");
  box.className = "start";
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

// A trap of the program ends it: nothing it shows would ever change again, so it must not stay.
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) {
    stop("The console stopped. What you sent is kept.", "工作台已停止运行。已发送的内容不会丢失。");
  }
});

try {
  const locales = JSON.parse(root.dataset.locales);
  root.lang = choose(navigator.languages, Object.keys(locales));
  const texts = async () => {
    const answer = await fetch(new URL(locales[root.lang], location.origin));
    if (!answer.ok) throw new Error(`the texts came with status ${answer.status}`);
    return answer.json();
  };
  const [catalogue] = await Promise.all([texts(), init()]);
  start(catalogue);
} catch (error) {
  console.error(error);
  stop("The console could not be loaded.", "工作台加载失败。");
}
