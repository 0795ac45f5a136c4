// The one script tag: draws the launcher, opens the chat in an iframe and speaks with it. Touches nothing else of the page.
(() => {
  "use strict";
  // No mistake of ours, nor of a listener, may reach the page.
  const safe = (run) => (...given) => {
    try {
      return run(...given);
    } catch (error) {
      console.warn("Causeway:", error);
    }
  };

  safe(() => {
    const script = document.currentScript || document.querySelector('script[src$="/embed.js"][data-site]');
    const earlier = window.Causeway;
    const queue = Array.isArray(earlier) ? earlier : earlier ? earlier.q : [];
    // Anything else under our name means that the tag is there twice.
    if (!script || !queue) return;

    const CSS = `
:host{all:initial!important;position:fixed!important;inset:auto 0 0 auto!important;width:0!important;height:0!important;display:block!important;direction:ltr!important;z-index:2147483647!important}
*{box-sizing:border-box}
div{--accent:#0f766e;--on-accent:#fff;--bg:#fff;--line:#e2e7ea;--text:#10191d;font:14px/20px system-ui,sans-serif}
@media(prefers-color-scheme:dark){div{--accent:#5eead4;--on-accent:#04211e;--bg:#0f1518;--line:#29353b;--text:#e9eff1}}
button{font:inherit;cursor:pointer;border:1px solid transparent;padding:0;display:grid;place-items:center;background:var(--accent);color:var(--on-accent)}
button:focus-visible{outline:2px solid var(--accent);outline-offset:2px;box-shadow:0 0 0 2px var(--bg)}
svg{width:26px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
.launcher,section{position:fixed;bottom:calc(20px + env(safe-area-inset-bottom));right:calc(20px + env(safe-area-inset-right));box-shadow:0 0 0 1px var(--line),0 16px 48px rgba(0,0,0,.25)}
.left .launcher,.left section{right:auto;left:calc(20px + env(safe-area-inset-left))}
.launcher{width:56px;height:56px;border-radius:50%}
span{position:absolute;top:-4px;right:-4px;min-width:22px;padding:0 4px;border:2px solid var(--bg);border-radius:11px;background:#b3261e;color:#fff;font:600 12px/18px system-ui,sans-serif}
span:empty,.open span,p,.ready header{display:none}
section{margin-bottom:68px;width:384px;height:min(660px,100dvh - 108px);border-radius:16px;overflow:hidden;background:var(--bg);color:var(--text);outline:0;visibility:hidden;opacity:0;transform:translateY(8px)}
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
@media(prefers-reduced-motion){.open section{transition:none}}`;

    const { site, lang, side, color } = script.dataset;
    if (!site) throw new Error("the script tag needs data-site");
    const relay = new URL(script.src).origin;
    const chinese = /^zh/i.test(lang || document.documentElement.lang || navigator.language);
    const say = chinese
      ? { open: "打开在线客服", close: "关闭在线客服", unread: "条未读消息", down: "暂时无法连接在线客服。", retry: "重试" }
      : { open: "Open support chat", close: "Close support chat", unread: "unread", down: "Support chat cannot be reached right now.", retry: "Try again" };
    const READY_WAIT_MS = 10000;

    const listeners = {};
    const ended = new AbortController();
    let opened = false;
    let unread = 0;
    let frame, port, wait, options;

    const make = (tag, attributes, ...children) => {
      const element = document.createElementNS("http://www.w3.org/" + (/svg|path/.test(tag) ? "2000/svg" : "1999/xhtml"), tag);
      for (const name in attributes) element.setAttribute(name, attributes[name]);
      element.append(...children);
      return element;
    };
    const icon = (d) => make("svg", { viewBox: "0 0 24 24", "aria-hidden": true }, make("path", { d }));
    const BUBBLE = "M21 11.5a8.4 8.4 0 0 1-12.3 7.4L3 21l2.1-5.7A8.4 8.4 0 1 1 21 11.5z";
    const DOWN = "M6 9l6 6 6-6";
    const badge = make("span", { "aria-hidden": true });
    const picture = icon(BUBBLE);
    const launcher = make("button", { class: "launcher", type: "button", "data-testid": "launcher", "aria-controls": "chat" }, picture, badge);
    const minimise = make("button", { type: "button", "data-testid": "minimise", "aria-label": say.close }, icon(DOWN));
    const retry = make("button", { type: "button", "data-testid": "retry-launcher" }, say.retry);
    const notice = make("b", { role: "alert" });
    const panel = make("section", { id: "chat", role: "dialog", tabindex: "-1", "aria-label": "Support chat" },
      make("header", {}, make("i"), make("i"), minimise), make("p", {}, notice, retry));
    const shell = make("div", {}, panel, launcher);
    const host = make("causeway-launcher", { popover: "manual" });
    const root = host.attachShadow({ mode: "open" });

    const emit = (event, detail) => {
      for (const listener of [...(listeners[event] || [])]) safe(listener)(detail);
    };
    const tell = (frameToChat) => port && port.postMessage(frameToChat);
    // The query may hold what is nobody's business, so only the path goes to the chat.
    const page = () => ({ url: location.origin + location.pathname, title: document.title, language: document.documentElement.lang });

    const draw = () => {
      shell.className = [side, opened && "open", port && "ready", notice.textContent && "failed"].join(" ");
      picture.firstChild.setAttribute("d", opened ? DOWN : BUBBLE);
      badge.textContent = unread > 99 ? "99+" : unread || "";
      launcher.setAttribute("aria-expanded", opened);
      launcher.setAttribute("aria-label", opened ? say.close : say.open + (unread ? `, ${badge.textContent} ${say.unread}` : ""));
    };

    const hear = (from, { type, seq, count }) => {
      if (type === "ready") {
        clearTimeout(wait);
        port = from;
        notice.textContent = "";
        draw();
        emit("ready");
        if (!opened) return;
        // First the frame, then the word: focusing a frame of another process takes the focus from its elements.
        if (root.activeElement) frame.focus();
        tell({ type: "open", options });
      } else if (type === "unread") {
        unread = count;
        draw();
        emit("unread", { count });
      } else if (type === "message") emit("message", { seq });
      else if (type === "open") open();
      else if (type === "close") close();
    };

    const connect = () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = safe((event) => hear(port1, event.data));
      frame.contentWindow.postMessage({ causeway: 1, type: "connect", page: page() }, relay, [port2]);
    };

    const load = () => {
      const query = new URLSearchParams({ site, origin: location.origin, ...(lang && { lang }), ...(color && { color }) });
      if (frame) frame.remove();
      port = null;
      notice.textContent = "";
      frame = make("iframe", { title: "Support chat", allow: "clipboard-write", src: `${relay}/chat?${query}`,
        sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads" });
      frame.onload = safe(connect);
      panel.append(frame);
      clearTimeout(wait);
      // A frame from another origin does not say that it failed; it only never gets ready.
      wait = setTimeout(safe(() => {
        notice.textContent = say.down;
        draw();
      }), READY_WAIT_MS);
    };

    const open = (given) => {
      options = given;
      const before = opened;
      opened = true;
      if (!frame) load();
      draw();
      (port ? frame : panel).focus();
      tell({ type: "page", ...page() });
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

    const shutdown = () => {
      ended.abort();
      clearTimeout(wait);
      if (port) port.close();
      host.remove();
      delete window.Causeway;
    };

    // White where it can be read on the site's colour, black elsewhere: one of the two always reaches 4.5 : 1.
    const paint = () => {
      if (!/^#([0-9a-f]{3}){1,2}$/i.test(color)) return;
      const [red, green, blue] = color.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3").match(/\w\w/g)
        .map((pair) => parseInt(pair, 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      shell.style.setProperty("--accent", color);
      shell.style.setProperty("--on-accent", 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) < 4.5 ? "#000" : "#fff");
    };

    // The soft keyboard of iOS covers a full-screen frame instead of making it smaller.
    const fit = () => {
      const { height, offsetTop, scale } = visualViewport;
      const full = innerWidth < 480 && scale === 1;
      panel.style.height = full ? height + "px" : "";
      panel.style.top = full ? offsetTop + "px" : "";
    };

    const listen = (target, event, run, capture) => target && target.addEventListener(event, safe(run), { signal: ended.signal, capture });

    const start = () => {
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(CSS);
        root.adoptedStyleSheets = [sheet];
      } catch {
        root.append(make("style", {}, CSS));
      }
      paint();
      draw();
      root.append(shell);
      document.body.append(host);
      // The top layer lies above every z-index and outside every transform of the page.
      if (host.showPopover) host.showPopover();
      listen(launcher, "click", () => (opened ? close() : open()));
      listen(minimise, "click", close);
      listen(retry, "click", () => {
        load();
        draw();
        panel.focus();
      });
      listen(root, "keydown", (event) => event.key === "Escape" && close());
      listen(document, "click", (event) => {
        const asked = event.target.closest && event.target.closest("[data-causeway-open]");
        if (!asked) return;
        event.preventDefault();
        const topic = asked.dataset.causewayOpen;
        open(topic ? { topic } : undefined);
      }, true);
      const moved = () => tell({ type: "page", ...page() });
      listen(window, "popstate", moved);
      listen(window.navigation, "navigatesuccess", moved);
      listen(window.visualViewport, "resize", fit);
      listen(window.visualViewport, "scroll", fit);
      queue.forEach(push);
    };

    const on = (event, listener) => {
      const all = (listeners[event] = listeners[event] || new Set());
      all.add(listener);
      return () => all.delete(listener);
    };
    const api = { open: safe(open), close: safe(close), shutdown: safe(shutdown), on: safe(on) };
    // A call made before this file was here: [name, ...values], or [name, arguments] from a stub that copies the interface.
    const push = api.push = safe(([name, ...given]) => api[name](...(String(given[0]) === "[object Arguments]" ? given[0] : given)));

    window.Causeway = api;
    if (document.body) start();
    else listen(document, "DOMContentLoaded", start);
  })();
})();
