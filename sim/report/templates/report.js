"use strict";
(function () {
  var tip = document.getElementById("tip");
  function place(event) {
    var wide = tip.offsetWidth, tall = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - wide - 8)) + "px";
    tip.style.top = Math.max(4, event.clientY - tall - 12) + "px";
  }
  document.querySelectorAll("[data-tips]").forEach(function (plot) {
    var said = plot.parentNode.querySelector(".said");
    JSON.parse(plot.dataset.tips).forEach(function (pair) {
      var part = document.getElementById(pair[0]);
      if (!part) { return; }
      part.style.cursor = "help";
      part.addEventListener("pointerenter", function (event) {
        tip.textContent = pair[1];
        tip.hidden = false;
        place(event);
        said.textContent = pair[1];
        said.classList.add("live");
      });
      part.addEventListener("pointermove", place);
      part.addEventListener("pointerleave", function () { tip.hidden = true; });
    });
  });
  document.querySelectorAll("[data-probe]").forEach(function (plot) {
    var probe = JSON.parse(plot.dataset.probe), stops = probe.stops, at = -1;
    var said = plot.parentNode.querySelector(".said"), svg = plot.querySelector("svg");
    var rule = document.createElement("div");
    rule.className = "rule";
    rule.hidden = true;
    plot.appendChild(rule);
    function go(k) {
      at = Math.max(0, Math.min(k, stops.length - 1));
      var box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      var scale = Math.min(box.width / view.width, box.height / view.height);
      var wide = view.width * scale, tall = view.height * scale;
      var left = (box.width - wide) / 2;
      rule.style.left = left + stops[at][0] * wide + "px";
      rule.style.top = probe.top * tall + "px";
      rule.style.height = (probe.bottom - probe.top) * tall + "px";
      rule.hidden = false;
      said.textContent = stops[at][1];
      said.classList.add("live");
    }
    plot.addEventListener("pointermove", function (event) {
      var box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      var scale = Math.min(box.width / view.width, box.height / view.height);
      var wide = view.width * scale;
      var share = (event.clientX - box.left - (box.width - wide) / 2) / wide, best = 0;
      stops.forEach(function (stop, k) {
        if (Math.abs(stop[0] - share) < Math.abs(stops[best][0] - share)) { best = k; }
      });
      go(best);
    });
    plot.addEventListener("pointerleave", function () { rule.hidden = true; });
    plot.addEventListener("blur", function () { rule.hidden = true; });
    plot.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (event.key === "Home") { go(0); } else if (event.key === "End") { go(stops.length - 1); }
      else if (step) { go(at < 0 ? Math.floor(stops.length / 2) : at + step); } else { return; }
      event.preventDefault();
    });
  });
})();
