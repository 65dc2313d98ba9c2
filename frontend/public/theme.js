// Runs before the first paint, as a file of its own, so that no inline script is needed.
(function () {
  var stored;
  try {
    stored = localStorage.getItem("salescommand.theme");
  } catch {
    // Storage can be refused (private windows); the system's choice is used then.
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
