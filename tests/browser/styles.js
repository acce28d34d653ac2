// What tests/browser/test_style_sheet.py asks a page: where does the sheet with all of Tabler make a difference?
(whole) => {
  const STATES = /::?(hover|focus|focus-visible|focus-within|active|visited|disabled|enabled|checked|invalid|valid|target|before|after|placeholder|backdrop|selection|marker|open|indeterminate|read-only|-(webkit|moz|ms)-[a-z-]+)(?![\w-])/g;

  // The selectors of a list; commas within up to three parentheses are theirs.
  const each = (list) => list.match(/(?:[^,(]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+/g).map((one) => one.trim());
  // The rules of each selector, by the conditions around them.
  const rules = (list, around = "", found = new Map()) => {
    for (const rule of list) {
      if (rule.selectorText) {
        for (const selector of each(rule.selectorText)) {
          const key = `${around}${selector}`;
          found.set(key, { selector, all: [...(found.get(key)?.all ?? []), rule] });
        }
      } else if (rule.cssRules) rules(rule.cssRules, `${around}${rule.conditionText ?? rule.name ?? ""} `, found);
    }
    return found;
  };
  // What they declare. A variable that nothing reads makes no difference.
  const declared = (entry) => (entry?.all ?? []).flatMap(({ style }) => [...style].filter((name) => !name.startsWith("--"))
    .map((name) => `${name}:${style.getPropertyValue(name)}${style.getPropertyPriority(name)}`)).join();
  // Whether the selector, in whatever state its elements were, finds something.
  const isHere = (selector) => {
    let plain = selector.replace(STATES, "");
    for (let was = null; was !== plain;) [was, plain] = [plain, plain.replace(/:(not|is|where|has)\(\s*\)/g, "")];
    return document.querySelector(plain.trim().replace(/([>+~])\s*(?=[>+~]|$)/g, "$1 * ") || "*") !== null;
  };
  // One element of each kind is enough: a hundred rows of a table are styled alike.
  const kind = (element) => element ? `${kind(element.parentElement)}>${element.tagName}.${element.getAttribute("class")}` : "";
  const kinds = [...new Map([...document.querySelectorAll("*")].map((element) => [kind(element), element])).values()];
  const properties = [...getComputedStyle(document.body)].filter((name) => !name.startsWith("--"));
  const look = () => kinds.flatMap((element) => [null, "::before", "::after"].map((part) => {
    const style = getComputedStyle(element, part);
    const isThere = part === null || style.content !== "none";
    return [element, part, isThere ? properties.map((name) => `${name}: ${style.getPropertyValue(name)}`) : [""]];
  }));

  const link = document.querySelector("link[rel=stylesheet]");
  const all = new CSSStyleSheet();
  all.replaceSync(whole);
  const kept = rules(link.sheet.cssRules);
  const dropped = [...rules(all.cssRules)]
    .filter(([key, entry]) => isHere(entry.selector) && declared(kept.get(key)) !== declared(entry))
    .map(([key]) => `dropped: ${key}`);

  const before = look();
  document.adoptedStyleSheets = [all];
  link.disabled = true;
  const differing = look().flatMap(([element, part, lines], at) => lines
    .filter((line, number) => line !== before[at][2][number])
    .map((line) => `${element.tagName}.${element.className}${part ?? ""} would have ${line}`));
  document.adoptedStyleSheets = [];
  link.disabled = false;
  return { elements: kinds.length, rules: kept.size, wrong: [...dropped, ...differing] };
}
