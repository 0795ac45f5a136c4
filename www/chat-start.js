// Starts the chat: picks the visitor's language, loads its texts and the program at the same time, then hands over.
import init, { start } from "/assets/chat.js";

const root = document.documentElement;
const EARLY_MESSAGES_MAX = 8;

// The page around us may speak before the program is here. What it said is judged there, by its origin.
const early = [];
const keep = (event) => early.length < EARLY_MESSAGES_MAX && early.push(event);
addEventListener("message", keep);

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

/** A box instead of the chat. Its words cannot come from the catalogue: that may be what is missing. */
function stop(english, chinese) {
  const zh = root.lang.startsWith("zh");
  const box = document.createElement("div");
  box.className = "stopped";
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
    stop("The chat stopped. Your messages are kept.", "聊天已停止运行。您的消息已保存。");
  }
});

try {
  const locales = JSON.parse(root.dataset.locales);
  const wished = new URLSearchParams(location.search).get("lang");
  root.lang = choose([...(wished ? [wished] : []), ...navigator.languages], Object.keys(locales));
  const texts = async () => {
    const answer = await fetch(new URL(locales[root.lang], location.origin));
    if (!answer.ok) throw new Error(`the texts came with status ${answer.status}`);
    return answer.json();
  };
  const [catalogue] = await Promise.all([texts(), init()]);
  removeEventListener("message", keep);
  start(catalogue, early);
} catch (error) {
  console.error(error);
  stop("The chat could not be loaded.", "聊天加载失败。");
}
