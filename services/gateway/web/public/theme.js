// Runs before the first paint, so that a dark screen never flashes white.
(function () {
  var chosen = null;
  try { chosen = localStorage.getItem("orderhub.theme"); } catch { /* storage may be forbidden */ }
  var dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark", dark);
})();
