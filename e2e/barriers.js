// What audit.py measures on a page: what does not fit, what is too small to press, what is covered, what moves.

window.__barriers = (() => {
  const isShown = (each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest(".visually-hidden");
  const isScroller = (each) => /auto|scroll/.test(getComputedStyle(each).overflow);
  const isScrolled = (each) =>
    each && (/auto|scroll/.test(getComputedStyle(each).overflowX) || isScrolled(each.parentElement));
  const named = (each) => `${each.localName}.${each.className}`;

  /** Lines of code and tables, `.results` those of Django's pages, lose their sense when they are broken. */
  const SIDEWAYS = "pre, code, .table-box, .results";

  /** What ends beyond the edge of the page or of what scrolls by itself: one would scroll sideways. */
  function overflows() {
    const { clientWidth: edge, scrollWidth } = document.documentElement;
    const found = scrollWidth > edge ? [`the page is ${scrollWidth} px wide`] : [];
    for (const each of document.body.querySelectorAll("*")) {
      const { right, width } = each.getBoundingClientRect();
      if (!width || !isShown(each)) continue;
      if (each.scrollWidth > each.clientWidth + 1 && isScroller(each) && !each.closest(SIDEWAYS))
        found.push(`${named(each)} holds ${each.scrollWidth} px in ${each.clientWidth}: ${widest(each)}`);
      if (right <= edge + 1) continue;
      if (each.closest("svg, img[alt='']") || isScrolled(each.parentElement)) continue;
      found.push(`${named(each)} ends at ${Math.round(right)} of ${edge} px`);
    }
    return found.slice(0, 8);
  }

  const widest = (place) => {
    const within = [...place.querySelectorAll("*")].filter((each) => isShown(each));
    const far = within.sort((a, b) => b.getBoundingClientRect().right - a.getBoundingClientRect().right)[0];
    return far ? named(far) : "its text";
  };

  const PRESSED = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=option]";

  /** What is pressed and smaller than `least` px; a link within a sentence is as high as its line. */
  function small(least) {
    const found = [];
    for (const each of document.querySelectorAll(PRESSED)) {
      if (!isShown(each) || (each.localName === "a" && getComputedStyle(each).display === "inline")) continue;
      const { width, height } = each.getBoundingClientRect();
      if (!width || (width > least - 0.5 && height > least - 0.5)) continue;
      found.push(`${each.outerHTML.slice(0, 90)}: ${Math.round(width)} x ${Math.round(height)}`);
    }
    return found.slice(0, 8);
  }

  /** Receipts whose words are under the toolbar of a message. */
  function covered() {
    const tools = document.querySelector(".row-tools").getBoundingClientRect();
    const found = [...document.querySelectorAll(".receipt-words, .receipt-button")].filter((each) => {
      const words = document.createRange();
      words.selectNodeContents(each);
      const { left, right, top, bottom, width } = words.getBoundingClientRect();
      return width && left < tools.right && right > tools.left && top < tools.bottom && bottom > tools.top;
    });
    return found.map((each) => each.textContent);
  }

  const INSTANT_MS = 5;

  /** What moves longer than an instant, where people have asked for less motion. */
  function moving() {
    const lasts = (each) => each.effect.getComputedTiming().endTime > INSTANT_MS;
    const what = (each) => `${named(each.effect.target)}: ${each.animationName ?? each.transitionProperty}`;
    return document.getAnimations().filter(lasts).map(what).slice(0, 8);
  }

  return { overflows, small, covered, moving };
})();
