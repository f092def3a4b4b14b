// Scrolls an element from its end as people do, and tells how long each frame took; for the chat and for a plain page.
async ({ selector, way }) => {
  const scroller = document.querySelector(selector);
  const frame = () => new Promise(requestAnimationFrame);
  const up = (px) => (at) => Math.max(0, at - px);
  const ways = {
    wheel: { frames: 400, to: up(120) },
    flick: { frames: 200, to: up(1500) },
    thumb: { frames: 60, to: (at, end) => Math.round((at + end * 0.618) % end) },
  };
  scroller.scrollTop = scroller.scrollHeight;
  for (let n = 0; n < 30; n += 1) await frame();
  const { frames, to } = ways[way];
  const took = [];
  let before = await frame();
  for (let n = 0; n < frames; n += 1) {
    scroller.scrollTop = to(scroller.scrollTop, scroller.scrollHeight - scroller.clientHeight);
    const now = await frame();
    took.push(now - before);
    before = now;
  }
  return took;
};
