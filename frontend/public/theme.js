// Runs before the first paint, as a file of its own, so that no inline script is needed.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("salescommand.theme");
  } catch (error) {
    // Storage can be refused (private windows); the system's choice is used then.
    stored = null;
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
