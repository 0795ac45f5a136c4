// The one script tag on a site's page: draws the launcher, opens the chat in an iframe and exchanges messages with it. It changes nothing else
// of the page, except scrolling and focus while the chat covers the whole page.
(() => {
  "use strict";
  const warn = (...words) => console.warn("Causeway:", ...words);
  // Errors of ours, or of a listener of the page, must not reach the page.
  const safe = (run) => (...given) => {
    try {
      return run(...given);
    } catch (error) {
      warn(error);
    }
  };

  safe(() => {
    // Markup can define names on `document` and on the window (<img name=body>, <a id=Causeway>), and old libraries extend Object.prototype.
    // So properties of the document are read by the browser's own getters, other values only where they are own properties, and objects that
    // are handed to the browser inherit nothing.
    const doc = (name) => Reflect.get(Document.prototype, name, document);
    const own = (object, name) => (Reflect.getOwnPropertyDescriptor(Object(object), name) || { __proto__: null }).value;
    const script = doc("currentScript");
    const earlier = own(window, "Causeway");
    const queue = Array.isArray(earlier) ? earlier : earlier ? own(earlier, "q") : [];
    // Anything else under our name: the tag is on the page twice.
    if (!queue) return;
    if (!script) throw "load embed.js by a classic script tag of its own";

    const CSS = `
:host{all:initial!important;color:CanvasText!important;color-scheme:inherit!important;position:fixed!important;inset:auto 0 0 auto!important;width:0!important;height:0!important;display:block!important;direction:ltr!important;z-index:2147483647!important}
*{box-sizing:border-box}
div{--accent:#0f766e;--on-accent:#fff;--bg:#fff;--line:#e2e7ea;--text:#10191d;--x:20px;--y:20px;color-scheme:light;font:14px/20px system-ui,sans-serif}
.dark{--accent:#5eead4;--on-accent:#04211e;--bg:#0f1518;--line:#29353b;--text:#e9eff1;color-scheme:dark}
button{font:inherit;cursor:pointer;border:1px solid transparent;padding:0;display:grid;place-items:center;background:var(--accent);color:var(--on-accent)}
button:focus-visible{outline:2px solid var(--accent);outline-offset:2px;box-shadow:0 0 0 2px var(--bg)}
svg{width:26px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
.launcher,section{position:fixed;bottom:calc(var(--y) + env(safe-area-inset-bottom));right:calc(var(--x) + env(safe-area-inset-right));box-shadow:0 0 0 1px var(--line),0 16px 48px rgba(0,0,0,.25)}
.left .launcher,.left section{right:auto;left:calc(var(--x) + env(safe-area-inset-left))}
.launcher{width:56px;height:56px;border-radius:50%}
span{position:absolute;top:-4px;right:-4px;min-width:22px;padding:0 4px;border:2px solid var(--bg);border-radius:11px;background:#b3261e;color:#fff;font:600 12px/18px system-ui,sans-serif}
span:empty,.open span,p,.ready header{display:none}
section{margin-bottom:68px;width:384px;height:min(660px,100dvh - 88px - var(--y));border-radius:16px;overflow:hidden;background:var(--bg);color:var(--text);outline:0;visibility:hidden;opacity:0;transform:translateY(8px)}
.open section{visibility:visible;opacity:1;transform:none;transition:opacity .16s,transform .16s}
iframe{display:block;width:100%;height:100%;border:0;visibility:hidden}
.ready iframe{visibility:inherit}
header{position:absolute;inset:env(safe-area-inset-top) 0 auto;height:64px;padding:0 16px;border-bottom:1px solid var(--line);display:flex;align-items:center;gap:12px}
i{background:var(--line);border-radius:18px;width:104px;height:14px}
i:first-child{width:36px;height:36px}
header button{width:40px;height:40px;margin-left:auto;background:none;color:inherit}
.failed p{position:absolute;inset:64px 16px 0;display:grid;place-content:center;justify-items:center;gap:16px}
p button{min-height:40px;padding:0 20px;border-radius:20px;font-weight:600}
@media(max-width:479px),(max-height:479px){section,.left section{inset:0;margin:0;width:auto;height:100dvh;border-radius:0;padding:env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left)}.open .launcher{display:none}}
@media print{:host{display:none!important}}
@media(forced-colors:active){section,span{border:1px solid}}
@media(prefers-reduced-motion){.open section{transition:none}}`;

    const given = (name) => (script.getAttribute("data-" + name) || "").trim().toLowerCase();
    const [site, side, color] = ["site", "side", "color"].map(given);
    if (!site) throw "the script tag needs data-site";
    const relay = new URL(script.src).origin;
    // The language is chosen here, and the chat uses the same: the tag's, else the page's, else the first of the browser's that we have.
    const lang = [given("lang"), doc("documentElement").lang, ...navigator.languages].find((wish) => /^(en|zh)(?![a-z])/i.test(wish)) || "en";
    const say = /^zh/i.test(lang)
      ? { chat: "在线客服", open: "打开在线客服", close: "关闭在线客服", unread: "条未读消息", down: "暂时无法连接在线客服。", retry: "重试" }
      : { chat: "Support chat", open: "Open support chat", close: "Close support chat", unread: "unread", down: "Support chat cannot be reached right now.", retry: "Try again" };
    const READY_WAIT_MS = 10000;
    // How long a loaded frame may take to send "here". An error page of the browser never sends it.
    const HERE_WAIT_MS = 1000;
    const RETRY_MS_MAX = 300000;
    // The one key that is kept in the page's storage: set while the chat has something to do, from the first message on.
    const AWAKE = "causeway.awake";

    const listeners = new Map();
    const ended = new AbortController();
    let opened = false;
    let unread = 0;
    let retryMs = 5000;
    let frame, port, here, wait, options, theme, warned, told, seen, looking, held, overflow;

    const make = (tag, attributes, ...children) => {
      const space = "http://www.w3.org/" + (/svg|path/.test(tag) ? "2000/svg" : "1999/xhtml");
      const element = doc("createElementNS").call(document, space, tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      element.append(...children);
      return element;
    };
    const listen = (target, event, run, capture) =>
      target && doc("addEventListener").call(target, event, safe(run), { __proto__: null, signal: ended.signal, capture });
    const icon = (d) => make("svg", { viewBox: "0 0 24 24", "aria-hidden": true }, make("path", { d }));
    const BUBBLE = "M21 11.5a8.4 8.4 0 0 1-12.3 7.4L3 21l2.1-5.7A8.4 8.4 0 1 1 21 11.5z";
    const DOWN = "M6 9l6 6 6-6";
    const badge = make("span", { "aria-hidden": true });
    const picture = icon(BUBBLE);
    const launcher = make("button", { class: "launcher", type: "button", "data-testid": "launcher", "aria-controls": "chat" }, picture, badge);
    const minimise = make("button", { type: "button", "data-testid": "minimise", "aria-label": say.close }, icon(DOWN));
    const retry = make("button", { type: "button", "data-testid": "retry-launcher" }, say.retry);
    const notice = make("b", { role: "alert" });
    const panel = make("section", { id: "chat", role: "dialog", tabindex: "-1", "aria-label": say.chat },
      make("header", {}, make("i", {}), make("i", {}), minimise), make("p", {}, notice, retry));
    const shell = make("div", {}, panel, launcher);
    const shadow = (host) => host.attachShadow({ __proto__: null, mode: "open" });
    const host = make("causeway-launcher", { popover: "manual" });
    const root = shadow(host);
    const dark = matchMedia("(prefers-color-scheme:dark)");
    const narrow = matchMedia("(max-width:479px),(max-height:479px)");

    const emit = (event, detail) => {
      for (const listener of [...(listeners.get(event) || [])]) safe(listener)(detail);
    };
    const tell = (message) => port && port.postMessage(message);
    // The query of the address may hold private data, so only the path is told to the chat.
    const page = () => ({ type: "page", url: (told = location.origin + location.pathname), title: doc("title"), language: doc("documentElement").lang });
    const keep = (awake) => {
      try {
        if (awake) localStorage.setItem(AWAKE, 1);
        else localStorage.removeItem(AWAKE);
      } catch {}
    };
    const wakes = () => {
      try {
        return localStorage.getItem(AWAKE);
      } catch {}
    };

    // The tag's, else the page's, set by its style or its <meta>. Our element inherits the page's scheme and has the browser's own text colour,
    // which tells light from dark. (In Firefox only if the style asks for that colour.)
    const scheme = () => {
      const wish = given("theme");
      if (/^(light|dark)$/.test(wish)) return wish;
      return (wish === "system" ? dark.matches : /\(2/.test(getComputedStyle(host).color)) ? "dark" : "light";
    };

    const draw = () => {
      const now = scheme();
      if (theme !== now) tell({ type: "theme", theme: (theme = now) });
      shell.className = [side, theme, opened && "open", port && "ready", notice.textContent && "failed"].join(" ");
      picture.firstChild.setAttribute("d", opened ? DOWN : BUBBLE);
      badge.textContent = unread > 99 ? "99+" : unread || "";
      launcher.setAttribute("aria-expanded", opened);
      launcher.setAttribute("aria-label", opened ? say.close : say.open + (unread ? `, ${badge.textContent} ${say.unread}` : ""));
      fit();
    };

    // While the chat covers the page, the page does not scroll and takes no focus. The soft keyboard of iOS covers a full-screen frame instead of
    // making it smaller, so its height is set here.
    const fit = () => {
      const full = opened && narrow.matches;
      if (full !== held) {
        const { style } = doc("documentElement");
        if (full) overflow = style.overflow;
        if (full || held) {
          style.overflow = full ? "hidden" : overflow;
          if (doc("body")) doc("body").inert = full;
        }
        held = full;
        panel.setAttribute("aria-modal", full);
      }
      const view = full && window.visualViewport;
      const fits = view && view.scale === 1;
      panel.style.height = fits ? view.height + "px" : "";
      panel.style.top = fits ? view.offsetTop + "px" : "";
    };

    const fail = (remedy) => {
      clearTimeout(wait);
      notice.textContent = say.down;
      draw();
      if (warned !== remedy) warn((warned = remedy));
      // An open chat has a button to try again. A closed one, which may have something to send, tries by itself.
      wait = setTimeout(safe(() => opened || load()), (retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)));
    };
    const later = (ms) => {
      clearTimeout(wait);
      wait = setTimeout(safe(() => fail(`the chat did not load. Is the relay ${relay} up, and in this page's frame-src?`)), ms);
    };

    const receive = (from, message) => {
      const [type, seq, count] = ["type", "seq", "count"].map((name) => own(message, name));
      if (type === "ready") {
        clearTimeout(wait);
        port = from;
        // The theme may have changed while the chat was loading.
        theme = notice.textContent = "";
        draw();
        emit("ready");
        looking = looking || setInterval(safe(look), 1000);
        if (!opened && count && script.hasAttribute("data-reopen")) return open(undefined, true);
        if (!opened) return;
        // Focus the frame before sending "open": focusing a frame of another process takes the focus from the elements in it.
        if (root.activeElement) frame.focus();
        tell({ type: "open", options });
      } else if (type === "unread") {
        unread = count;
        draw();
        emit("unread", { count });
      } else if (type === "message") emit("message", { seq });
      else if (type === "awake") keep(count && given("wake") !== "off");
      else if (type === "open") open();
      else if (type === "close") close();
    };

    const connect = () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = safe((event) => receive(port1, event.data));
      frame.contentWindow.postMessage({ causeway: 1, type: "connect", page: page() }, relay, [port2]);
    };

    const chat = (more) => make("iframe", { title: say.chat, allow: "clipboard-write",
      src: `${relay}/chat?` + new URLSearchParams({ site, lang, origin: location.origin, ...more }),
      sandbox: "allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-downloads" });
    const load = () => {
      if (frame) frame.remove();
      port = here = null;
      notice.textContent = "";
      frame = chat({ theme: scheme(), ...(color && { color }) });
      frame.onload = safe(() => here || later(HERE_WAIT_MS));
      panel.append(frame);
      // A frame from another origin does not tell that it failed, so there is a limit of time.
      later(READY_WAIT_MS);
    };
    // The first message of the chat, before there is a port: it is loading, or why there is no chat.
    const receiveFirst = (event) => {
      const type = event.origin === relay && own(event.data, "causeway") && own(event.data, "type");
      if (!frame || event.source !== frame.contentWindow) return;
      const add = `relay site add ${site} --origin ${location.origin}`;
      if (type === "here") {
        here = true;
        port = null;
        later(READY_WAIT_MS * 3);
        connect();
      } else if (type === "origin") fail(`${location.origin} is not listed for the site "${site}". List it, with the others: ${add}`);
      else if (type === "site") fail(`the relay ${relay} knows no site "${site}". Mend data-site, or: ${add}`);
    };

    // Only known fields are sent to the frame: a page may pass anything here, an event for instance.
    const open = (wish, quiet) => {
      const topic = own(wish, "topic");
      options = typeof topic === "string" ? { topic } : undefined;
      const before = opened;
      opened = true;
      if (!frame || notice.textContent) load();
      draw();
      if (!quiet) (port ? frame : panel).focus();
      tell(page());
      tell({ type: "open", options });
      if (!before) emit("open");
    };

    const close = () => {
      if (!opened) return;
      opened = false;
      draw();
      if (root.activeElement) launcher.focus();
      tell({ type: "close" });
      emit("close");
    };

    // Ends the visitor's session in this browser and removes everything. The session is ended by a frame made for that, whether the chat was loaded
    // or not; the promise tells whether that worked.
    const shutdown = () => {
      keep(false);
      opened = false;
      draw();
      ended.abort();
      clearTimeout(wait);
      clearInterval(looking);
      if (port) port.close();
      host.remove();
      Reflect.deleteProperty(window, "Causeway");
      return new Promise((resolve) => {
        const away = make("causeway-end", {});
        const last = chat({ end: 1 });
        const over = (done) => {
          away.remove();
          resolve(done);
        };
        const finished = ({ source, data }) => source === last.contentWindow && own(data, "type") === "gone" && over(true);
        doc("addEventListener").call(window, "message", safe(finished));
        setTimeout(over, READY_WAIT_MS, false);
        last.setAttribute("hidden", "");
        shadow(away).append(last);
        doc("documentElement").append(away);
      });
    };

    // White on the site's colour where that is readable, else black: one of the two always has a contrast of 4.5 : 1.
    const paint = () => {
      for (const name of ["x", "y"]) {
        const pixels = parseInt(given("offset-" + name));
        if (pixels >= 0) shell.style.setProperty("--" + name, `min(${pixels}px,50vmin)`);
      }
      if (!/^#([0-9a-f]{3}){1,2}$/.test(color)) return;
      const [red, green, blue] = color.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3").match(/\w\w/g)
        .map((pair) => parseInt(pair, 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      shell.style.setProperty("--accent", color);
      shell.style.setProperty("--on-accent", 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) < 4.5 ? "#000" : "#fff");
    };

    // The page's style may load later than this file, and change. Applications set the address first and the title a moment later, so both are
    // told once the address is a second old. A change of the title alone is not told: many pages show a price in it.
    const look = () => {
      if (theme !== scheme()) draw();
      const now = location.origin + location.pathname;
      if (now !== told && now === seen) tell(page());
      seen = now;
    };

    // In <html>, beside the body, so that what an application does to its body does not remove us. If we are removed all the same, we are put
    // back 50 ms later.
    const mount = () => {
      if (host.isConnected || ended.signal.aborted) return;
      // An application that restores a copy of its page restores a copy of our element, which does nothing.
      for (const copy of doc("querySelectorAll").call(document, "causeway-launcher")) copy.remove();
      doc("documentElement").append(host);
      // The browser's top layer is above every z-index and outside every transform of the page.
      if (host.showPopover) host.showPopover();
      for (const node of [document, doc("documentElement")]) observer.observe(node, { __proto__: null, childList: true });
      if (held && doc("body")) doc("body").inert = true;
    };
    const observer = new MutationObserver(safe(() => setTimeout(safe(mount), 50)));

    const start = () => {
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(CSS);
        root.adoptedStyleSheets = [sheet];
      } catch {
        root.append(make("style", {}, CSS));
      }
      paint();
      root.append(shell);
      mount();
      draw();
      listen(window, "message", receiveFirst);
      listen(launcher, "click", () => (opened ? close() : open()));
      listen(minimise, "click", close);
      listen(retry, "click", () => {
        load();
        draw();
        panel.focus();
      });
      listen(root, "keydown", (event) => event.key === "Escape" && close());
      listen(document, "click", (event) => {
        const near = (at, css) => at instanceof Element && Element.prototype.closest.call(at, css);
        const asked = near(event.target, "[data-causeway-open]");
        // With a modifier key the link is to be opened in another tab or window: that is left to the browser.
        if (!asked || ((event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) && near(event.target, ":any-link"))) return;
        event.preventDefault();
        const topic = Element.prototype.getAttribute.call(asked, "data-causeway-open");
        open(topic ? { topic } : undefined);
      }, true);
      listen(dark, "change", draw);
      listen(narrow, "change", draw);
      listen(window.visualViewport, "resize", fit);
      listen(window.visualViewport, "scroll", fit);
      for (const call of queue) push(call);
      if (given("wake") === "off") keep(false);
      else if (wakes()) {
        const wake = safe(() => frame || ended.signal.aborted || load());
        const idle = () => (typeof requestIdleCallback === "function" ? requestIdleCallback(wake) : setTimeout(wake, 500));
        if (doc("readyState") === "complete") idle();
        else listen(window, "load", idle);
      }
    };

    const on = (event, listener) => {
      if (!listeners.has(event)) listeners.set(event, new Set());
      const all = listeners.get(event).add(listener);
      return () => all.delete(listener);
    };
    const api = { __proto__: null, open: safe((wish) => open(wish)), close: safe(close), shutdown: safe(shutdown), on: safe(on) };
    // A call that was made before this file was loaded: [name, ...values], or [name, arguments] from a stub that copies the interface.
    const push = api.push = safe(([name, ...values]) => api[name](...(String(values[0]) === "[object Arguments]" ? values[0] : values)));

    window.Causeway = api;
    if (doc("body")) start();
    else listen(document, "DOMContentLoaded", start);
  })();
})();
