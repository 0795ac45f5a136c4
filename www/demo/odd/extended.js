// What old libraries do, and what somebody would do who may set one property: everything that an options object can inherit.
Object.assign(Object.prototype, {
  srcdoc: "<p>not the chat</p>", src: "https://evil.example/", sandbox: "", onload: "1", foreign: "yes", lang: "zh", site: "evil", side: "left", color: "#ff0000", topic: "evil",
  once: true, passive: true, capture: true, mode: "closed", delegatesFocus: true, subtree: true, get: undefined, q: ["evil"], type: "evil",
});
delete Object.prototype.get;
