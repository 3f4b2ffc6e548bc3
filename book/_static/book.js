// Let people who use a keyboard scroll whatever is wider than its box, and name what the theme leaves without a name.
(function () {
  "use strict";

  const WIDE = ".cell_output .output, .cell_output > div, .pst-scrollable-table-container, pre, div.math, " +
    "mjx-container[display='true']";

  function letKeyboardScroll() {
    document.querySelectorAll(".bd-article, .search-results").forEach((article) => {
      article.querySelectorAll(WIDE).forEach((box) => {
        const scrolls = box.scrollWidth > box.clientWidth + 1;
        if (scrolls && !box.hasAttribute("tabindex")) {
          box.setAttribute("tabindex", "0");
        }
      });
    });
  }

  function nameFoldedPages() {
    document.querySelectorAll(".bd-links summary:not([aria-label])").forEach((summary) => {
      const item = summary.closest("li");
      const above = item && item.querySelector("a");
      summary.setAttribute("aria-label", "Pages below " + (above ? above.textContent.trim() : "this one"));
    });
  }

  function start() {
    letKeyboardScroll();
    nameFoldedPages();
    window.addEventListener("resize", letKeyboardScroll);
    window.addEventListener("load", letKeyboardScroll);
    if (window.MathJax && window.MathJax.startup && window.MathJax.startup.promise) {
      window.MathJax.startup.promise.then(letKeyboardScroll);
    }
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
