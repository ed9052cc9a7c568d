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

  // --- Worlds priced anew: the same operations as sim/report/repricing.py -------------------------
  function what_if(section, given) {
    var columns = given.columns.map(function (text) {
      var bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
      return new Float64Array(bytes.buffer);
    });
    var worlds = given.worlds, sliders = given.sliders;
    var inputs = sliders.map(function (_, k) { return document.getElementById("slider-" + k); });

    function factor(slider, value) {
      var now = slider.values[slider.start], out = new Float64Array(worlds);
      if (slider.law === "scale") { return out.fill(value / now); }
      if (slider.law === "kept") { return out.fill((1 - value) / (1 - now)); }
      if (slider.law === "more") { return out.fill((1 + value) / (1 + now)); }
      var odds = value / (1 - value) / (now / (1 - now)), share = columns[slider.worlds];
      for (var w = 0; w < worlds; w++) {
        var x = share[w], moved = x * odds / (1 - x + x * odds);
        out[w] = slider.law === "logit" ? moved / x : (1 - moved) / (1 - x);
      }
      return out;
    }
    function priced(positions) {
      var factors = sliders.map(function (slider, k) {
        return positions[k] === slider.start ? null : factor(slider, slider.values[positions[k]]);
      });
      return given.costs.map(function (parts, p) {
        var gained = columns[given.contributions[p]].slice(), cost = new Float64Array(worlds);
        factors.forEach(function (own, k) {
          if (!own || !sliders[k].contributes) { return; }
          for (var w = 0; w < worlds; w++) { gained[w] *= own[w]; }
        });
        parts.forEach(function (part) {
          var quantity = columns[part.column].slice();
          part.sliders.forEach(function (k) {
            for (var w = 0; factors[k] && w < worlds; w++) { quantity[w] *= factors[k][w]; }
          });
          for (var w = 0; w < worlds; w++) { cost[w] += quantity[w]; }
        });
        var profit = gained.map(function (c, w) { return c - cost[w]; });
        var roi = profit.map(function (gain, w) { return cost[w] > 0 ? gain / cost[w] : NaN; });
        return { profit: profit, roi: roi };
      });
    }
    function mean(values) {
      if (!values.length) { return [null, null]; }
      var middle = values.reduce(function (a, b) { return a + b; }, 0) / values.length;
      if (!given.errors || values.length < 2) { return [middle, null]; }
      var squares = values.reduce(function (a, b) { return a + (b - middle) * (b - middle); }, 0);
      return [middle, Math.sqrt(squares / (values.length - 1) / values.length)];
    }
    function median(values) {
      if (!values.length) { return [null, null]; }
      var ordered = Float64Array.from(values).sort();
      function at(level) {
        var place = level * (ordered.length - 1), k = Math.floor(place);
        var low = ordered[k], high = ordered[Math.min(k + 1, ordered.length - 1)];
        return low + (place - k) * (high - low);
      }
      var h = given.halfWidth;
      if (!given.errors) { return [at(0.5), null]; }
      return [at(0.5), (at(0.5 + h) - at(0.5 - h)) / (2 * h) * Math.sqrt(0.25 / ordered.length)];
    }
    function figures(positions) {
      var rows = priced(positions);
      var told = rows.map(function (row, p) {
        var roi = row.roi.filter(isFinite), average = mean(roi);
        return {
          roi_median: median(roi),
          roi_mean: given.heavy[p] ? [average[0], null] : average,
          loss_probability: mean(roi.map(function (x) { return x < 0 ? 1 : 0; })),
          profit_median: median(row.profit)
        };
      });
      if (!given.pair) { return { portfolios: told, wins: null }; }
      var a = rows[given.pair[0]].roi, b = rows[given.pair[1]].roi;
      var gap = a.map(function (x, w) { return x - b[w]; }).filter(isFinite);
      return { portfolios: told, wins: mean(gap.map(function (x) {
        return x > 0 ? 1 : x < 0 ? 0 : 0.5;
      })) };
    }
    function rounded(value, error, places) {
      if (error > 0) { places = Math.max(0, Math.min(places, -Math.floor(Math.log10(error)))); }
      var unit = error > 0 ? Math.pow(10, Math.floor(Math.log10(error))) : 0;
      function write(x) {
        x = unit >= 10 ? Math.round(x / unit) * unit : x;
        return x.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
      }
      return [write(value), error > 0 ? write(error) : ""];
    }
    function text(measure, entry) {
      if (entry[0] === null) { return "n/a"; }
      var money = measure === "profit_median", scale = money ? 1 : 100;
      var parts = rounded(entry[0] * scale, entry[1] * scale, money ? 0 : 1);
      var error = parts[1] ? " \u00b1 " + parts[1] : given.errors ? " *" : "";
      return (parts[0] + (money ? "" : " %") + error).replace("-", "\u2212").replace(/ /g, "\u00a0");
    }
    var starts = sliders.map(function (slider) { return slider.start; });
    var before = figures(starts);
    function show() {
      var positions = inputs.map(function (input) { return Number(input.value); });
      var now = figures(positions), moved = positions.some(function (k, i) { return k !== starts[i]; });
      inputs.forEach(function (input, k) {
        var written = sliders[k].texts[positions[k]];
        input.setAttribute("aria-valuetext", written);
        input.parentNode.querySelector("output").textContent = written;
      });
      document.querySelectorAll("#repriced tbody tr").forEach(function (row) {
        var measure = row.dataset.measure;
        row.querySelectorAll("td").forEach(function (cell, p) {
          var old = text(measure, before.portfolios[p][measure]);
          var made = text(measure, now.portfolios[p][measure]);
          cell.textContent = made;
          cell.classList.toggle("moved", moved && made !== old);
          if (moved) {
            var was = document.createElement("span");
            was.className = "was";
            was.textContent = old;
            cell.appendChild(was);
          }
        });
      });
      var said = document.getElementById("repriced-said");
      if (now.wins) {
        said.textContent = "ROI: " + given.portfolios[given.pair[0]] + " beats " +
          given.portfolios[given.pair[1]] + " in " + text("wins", now.wins) + " of these worlds" +
          (moved ? " (as in the run: " + text("wins", before.wins) + ")" : "");
      }
      section.dataset.figures = JSON.stringify(now);
    }
    inputs.forEach(function (input) { input.addEventListener("input", show); });
    document.getElementById("as-run").addEventListener("click", function () {
      inputs.forEach(function (input, k) { input.value = starts[k]; });
      show();
    });
    section.hidden = false;
    show();
  }
  var quantities = document.getElementById("repricing");
  if (quantities) { what_if(document.getElementById("what-if"), JSON.parse(quantities.textContent)); }
})();
