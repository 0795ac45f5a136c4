// Starts the chat: picks the visitor's language, loads its texts and the program at the same time, then hands over.
import init, { start } from "/assets/chat.js";

const root = document.documentElement;
const EARLY_MESSAGES_MAX = 8;

// The page around us may speak before the program is here. What it said is judged there, by its origin.
const early = [];
const keep = (event) => early.length < EARLY_MESSAGES_MAX && early.push(event);
addEventListener("message", keep);
/** Says to the page around, whoever that is, what is no secret: that this is a chat and no error page, or why there is none. */
const tell = (type) => parent !== window && parent.postMessage({ causeway: 1, type }, "*");
const query = new URLSearchParams(location.search);
const { site, refused } = root.dataset;

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

/** Has the relay forget a token, however often that takes; it is done when the relay says so, or knows no such token. */
async function forget(token) {
  const headers = { authorization: `Bearer ${token}`, "x-causeway-site": site };
  for (let wait = 250; ; wait *= 2) {
    try {
      const { status } = await fetch("/visitor", { method: "DELETE", keepalive: true, headers });
      if (status < 500 && status !== 429) return;
    } catch {
      // The network is away.
    }
    await new Promise((then) => setTimeout(then, wait));
  }
}

/** Ends the visitor's session in this browser: first the relay forgets the token, then the browser all that was kept. Whoever asked stops
    waiting when the first takes too long; then nothing has changed, and it can be tried again. */
async function end() {
  try {
    const token = localStorage.getItem(`causeway.${site}.token`);
    if (token) await forget(token);
    for (const name of Object.keys(localStorage)) if (name.startsWith(`causeway.${site}.`)) localStorage.removeItem(name);
    sessionStorage.clear();
  } catch {
    // Without storage nothing was kept.
  }
  tell("gone");
}

// A trap of the program ends it: nothing it shows would ever change again, so it must not stay.
addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) {
    stop("The chat stopped. Your messages are kept.", "聊天已停止运行。您的消息已保存。");
  }
});

const theme = query.get("theme");
if (theme) root.dataset.theme = theme;
const wished = query.get("lang");
root.lang = wished || navigator.language;
tell(refused || "here");
if (refused) {
  stop("This chat is not set up for this page.", "此页面未配置聊天。");
} else if (query.has("end")) {
  // Only for a page of the site that holds this one: the policy lets no other hold it, and as a page of its own anybody could open it.
  if (parent !== window) end();
} else try {
  const locales = JSON.parse(root.dataset.locales);
  // The page around has chosen, for its launcher too; where there is none, the browser's languages do.
  root.lang = choose(wished ? [wished] : navigator.languages, Object.keys(locales));
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
