// Turns <time data-relative> younger than 30 days into "2 minutes ago". The title of every instant has it in UTC, where
// the text does not, and in the reader's own zone.
(() => {
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const LIMIT_SECONDS = 30 * 86400;

  const relative = (instant) => {
    const seconds = Math.round((new Date(instant) - Date.now()) / 1000);
    if (Math.abs(seconds) > LIMIT_SECONDS) return null;
    if (Math.abs(seconds) < 5) return "just now";
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length);
    return words.format(Math.trunc(seconds / size), unit);
  };

  // How long something waits, in its two largest units, as the server writes it.
  const span = (instant) => {
    let left = Math.max(Math.floor((Date.now() - new Date(instant)) / 60_000), 0);
    const parts = [];
    for (const [minutes, unit] of [[1440, "d"], [60, "h"], [1, "min"]]) {
      if (left >= minutes) parts.push(`${Math.floor(left / minutes)} ${unit}`);
      left %= minutes;
    }
    return parts.slice(0, 2).join(" ") || "now";
  };

  const FORMAT = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const local = new Intl.DateTimeFormat("en-GB", FORMAT);
  const utc = new Intl.DateTimeFormat("en-GB", { ...FORMAT, timeZone: "UTC" });
  const titleOf = (instant) => [...new Set([utc, local].map((zone) => zone.format(new Date(instant))))].join("\n");

  const refresh = () => {
    for (const element of document.querySelectorAll("time[datetime]")) {
      const title = titleOf(element.dateTime);
      if (element.title !== title) element.title = title;
    }
    for (const element of document.querySelectorAll("time[data-relative]")) {
      element.dataset.absolute ??= element.textContent;
      const text = relative(element.dateTime) ?? element.dataset.absolute;
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of document.querySelectorAll("time[data-waits]")) {
      const text = span(element.dateTime);
      if (element.textContent !== text) element.textContent = text;
    }
  };

  document.addEventListener("DOMContentLoaded", refresh);
  document.addEventListener("htmx:after:swap", refresh);
  setInterval(refresh, 10_000);
})();
