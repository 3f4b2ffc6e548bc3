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

  // Code is folded cell by cell; one button opens all of a page, and what was chosen holds for the next page.
  const REMEMBERED = "book-show-all-code";

  function offerAllCode() {
    const folded = [...document.querySelectorAll(".bd-article details")].filter((details) => {
      const summary = details.querySelector(":scope > summary");
      return summary && /^(Show|Hide) code/.test(summary.textContent.trim());
    });
    const title = document.querySelector(".bd-article h1");
    if (!folded.length || !title) {
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show-all-code";
    function set(isShown) {
      folded.forEach((details) => { details.open = isShown; });
      button.textContent = isShown ? "Hide all code" : "Show all code";
      button.dataset.shown = String(isShown);
    }
    button.addEventListener("click", () => {
      const isShown = button.dataset.shown !== "true";
      set(isShown);
      try {
        localStorage.setItem(REMEMBERED, String(isShown));
      } catch {
        // Without storage the choice holds for this page alone.
      }
    });
    let remembered = null;
    try {
      remembered = localStorage.getItem(REMEMBERED);
    } catch {
      remembered = null;
    }
    set(remembered === "true");
    title.insertAdjacentElement("afterend", button);
  }

  // A tooltip closes on Escape, and opens again when the word is left and met anew.
  function closeTips() {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        document.querySelectorAll(".term:hover, .term:focus-within").forEach((term) => term.classList.add("closed"));
      }
    });
    document.querySelectorAll(".term").forEach((term) => {
      const tip = term.querySelector("[role='tooltip']");
      ["mouseenter", "focusin"].forEach((name) => term.addEventListener(name, () => {
        const over = term.getBoundingClientRect().left + tip.offsetWidth + 8 - document.documentElement.clientWidth;
        tip.style.left = over > 0 ? `${-over}px` : "0";
      }));
      ["mouseleave", "focusout"].forEach((name) => term.addEventListener(name, () => term.classList.remove("closed")));
    });
  }

  // A link to what is folded opens it; what is opened scrolls by keyboard, too; paper shows everything.
  function openFolds() {
    function openTarget() {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const closed = [...document.querySelectorAll("details.fold:not([open])")].filter((fold) => fold.contains(target));
      closed.forEach((fold) => { fold.open = true; });
      if (closed.length) {
        target.scrollIntoView();
      }
    }
    window.addEventListener("hashchange", openTarget);
    window.addEventListener("beforeprint", () => {
      document.querySelectorAll("details.fold").forEach((fold) => { fold.open = true; });
    });
    document.addEventListener("toggle", letKeyboardScroll, true);
    openTarget();
  }

  function start() {
    openFolds();
    letKeyboardScroll();
    offerAllCode();
    closeTips();
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
