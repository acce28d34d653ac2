// Runs in <head> too. The browser skips a fade between two pages when the next one comes late, or when the reader is
// quicker: that page is then there at once, which is no error to report.
(() => {
  const rest = ({ viewTransition }) => {
    for (const step of ["ready", "updateCallbackDone", "finished"]) viewTransition?.[step].catch(() => {});
  };
  addEventListener("pageswap", rest);
  addEventListener("pagereveal", rest);
})();
