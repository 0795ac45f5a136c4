// Starts the chat: loads its texts and the program at the same time, then hands over.
import init, { start } from "/assets/chat.js";
import { onTrap, root, stop, texts } from "./start.js";

const EARLY_MESSAGES_MAX = 8;

// The page around us may speak before the program is here. What it said is judged there, by its origin.
const early = [];
const keep = (event) => early.length < EARLY_MESSAGES_MAX && early.push(event);
addEventListener("message", keep);
/** Says to the page around, whoever that is, what is no secret: that this is a chat and no error page, or why there is none. */
const tell = (type) => parent !== window && parent.postMessage({ causeway: 1, type }, "*");
const query = new URLSearchParams(location.search);
const { site, refused } = root.dataset;

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

/** What of a room is not here after this time is given up, so that the chat says so and it can be tried again. */
const ROOM_LOAD_MS_MAX = 15000;
/** Asks for a room's code, or what several share; xtask has the loader call it. Older browsers know no such signal. */
const fetchRoom = (path) => fetch(path, { signal: AbortSignal.timeout?.(ROOM_LOAD_MS_MAX) });
let sheet;
/** The rooms' styles, once; xtask has every room wait for them. After a failure they are asked for again. */
function roomStyles() {
  return sheet ??= new Promise((here, away) => {
    const link = document.createElement("link");
    const failed = () => {
      clearTimeout(late);
      sheet = undefined;
      link.remove();
      away(new Error("the rooms' styles did not come"));
    };
    const late = setTimeout(failed, ROOM_LOAD_MS_MAX);
    link.rel = "stylesheet";
    link.href = "/assets/rooms.css";
    link.onload = () => {
      clearTimeout(late);
      here();
    };
    link.onerror = failed;
    document.head.append(link);
  });
}

onTrap(() => stop("stopped", "The chat stopped. Your messages are kept.", "聊天已停止运行。您的消息已保存。"));

const theme = query.get("theme");
if (theme) root.dataset.theme = theme;
tell(refused || "here");
if (refused) {
  stop("stopped", "This chat is not set up for this page.", "此页面未配置聊天。");
} else if (query.has("end")) {
  // Only for a page of the site that holds this one: the policy lets no other hold it, and as a page of its own anybody could open it.
  if (parent !== window) end();
} else try {
  const [catalogue] = await Promise.all([texts(), init()]);
  removeEventListener("message", keep);
  start(catalogue, early);
} catch (error) {
  console.error(error);
  stop("stopped", "The chat could not be loaded.", "聊天加载失败。");
}
