// Starts the console: loads its texts and the program at the same time, then starts the program.
import init, { start } from "/assets/console.js";
import { onTrap, stop, texts } from "./start.js";

onTrap(() => stop("start", "The console stopped. What you sent is kept.", "工作台已停止运行。已发送的内容不会丢失。"));

try {
  const [catalogue] = await Promise.all([texts(), init()]);
  start(catalogue);
} catch (error) {
  console.error(error);
  stop("start", "The console could not be loaded.", "工作台加载失败。");
}
