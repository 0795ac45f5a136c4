// The exchange's own script: a market that moves many times a second, and an order form that goes nowhere.
"use strict";

const STEP_MS = 50;
const ROWS = 9;
const TRADES = 8;
const POINTS_MAX = 240;
const find = (name) => document.querySelector(`[data-${name}]`);
const money = (value) => value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const chance = (low, high) => low + Math.random() * (high - low);

const market = { price: 64210.5, opened: 63050, high: 65020, low: 62840.1, volume: 18402.7, points: [] };
for (let point = 0; point < POINTS_MAX; point++) {
  market.points.push(market.price + 130 * Math.sin(point / 19) + 60 * Math.sin(point / 7) + chance(-20, 20));
}

function rows(list, count, cells) {
  for (let row = 0; row < count; row++) {
    const item = document.createElement("li");
    for (let cell = 0; cell < cells; cell++) item.append(document.createElement("span"));
    list.append(item);
  }
}

function fillBook(list, direction) {
  [...list.children].forEach((item, index) => {
    const distance = direction > 0 ? ROWS - index : index + 1;
    const amount = chance(0.01, 2.4);
    item.children[0].textContent = money(market.price + direction * distance * 1.5);
    item.children[1].textContent = amount.toFixed(4);
    item.style.setProperty("--depth", `${Math.round(amount * 40)}%`);
  });
}

function trade(moved) {
  const list = find("trades");
  const item = list.lastElementChild;
  const [price, amount, time] = item.children;
  price.textContent = money(market.price);
  amount.textContent = chance(0.001, 0.9).toFixed(4);
  time.textContent = new Date().toTimeString().slice(0, 8);
  item.className = moved < 0 ? "sold" : "";
  list.prepend(item);
}

function drawChart() {
  const canvas = find("chart");
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const low = Math.min(...market.points) - 20;
  const high = Math.max(...market.points) + 20;
  const x = (index) => (index / (POINTS_MAX - 1)) * canvas.width;
  const y = (price) => canvas.height - ((price - low) / (high - low)) * canvas.height;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = style.getPropertyValue("--line");
  context.lineWidth = 1;
  for (let line = 1; line < 5; line++) {
    context.beginPath();
    context.moveTo(0, (line * canvas.height) / 5);
    context.lineTo(canvas.width, (line * canvas.height) / 5);
    context.stroke();
  }
  context.strokeStyle = style.getPropertyValue("--brand");
  context.lineWidth = 3;
  context.beginPath();
  market.points.forEach((price, index) => context.lineTo(x(index), y(price)));
  context.stroke();
}

function show(moved) {
  const side = moved < 0 ? "down" : "up";
  for (const name of ["last", "middle"]) {
    find(name).textContent = money(market.price);
    find(name).dataset.side = side;
  }
  const change = (market.price / market.opened - 1) * 100;
  find("change").textContent = `${change < 0 ? "" : "+"}${change.toFixed(2)}%`;
  find("change").dataset.side = change < 0 ? "down" : "up";
  find("high").textContent = money(market.high);
  find("low").textContent = money(market.low);
  find("volume").textContent = `${market.volume.toLocaleString("en-US", { maximumFractionDigits: 1 })} BTC`;
}

let steps = 0;
function step() {
  const moved = chance(-6, 6);
  market.price += moved;
  market.high = Math.max(market.high, market.price);
  market.low = Math.min(market.low, market.price);
  market.volume += chance(0, 0.2);
  show(moved);
  fillBook(find(steps % 2 ? "asks" : "bids"), steps % 2 ? 1 : -1);
  if (steps % 3 === 0) trade(moved);
  if (steps % 10 === 0) {
    market.points.push(market.price);
    if (market.points.length > POINTS_MAX) market.points.shift();
    drawChart();
  }
  steps++;
}

rows(find("asks"), ROWS, 2);
rows(find("bids"), ROWS, 2);
rows(find("trades"), TRADES, 3);
for (let filled = 0; filled < TRADES; filled++) trade(chance(-1, 1));
fillBook(find("asks"), 1);
setInterval(step, STEP_MS);
step();

const form = find("order");
form.addEventListener("click", (event) => {
  const chosen = event.target.closest("[aria-pressed]");
  if (!chosen) return;
  for (const button of form.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", button === chosen);
  form.querySelector(".submit").textContent = `${chosen.textContent} BTC`;
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  find("placed").textContent = form.amount.value ? `Order for ${form.amount.value} BTC placed (not really).` : "Enter an amount.";
});
