/* staff only: keys by their place on the keyboard, whatever the layout writes (ux.md §6.1)
   What a key does is the element that carries it in data-key: links and buttons are pressed, fields get the focus. */
(function () {
  'use strict';
  var d = document, store, before = 0;
  try { store = localStorage; } catch (_) { store = {}; }
  function on(name, act, first) { d.addEventListener(name, act, first); }
  function one(css) { return d.querySelector(css); }
  function rows() { return Array.from(d.querySelectorAll('main .rows a')); }
  function press(x) {
    if (!x) return;
    if (x.type === 'radio') { x.checked = true; x = one('#body'); }
    if (x.tagName === 'DETAILS') { x.open = true; x = x.firstElementChild; }
    if (x.matches('a,button')) x.click(); else x.focus();
    return true;
  }
  function move(step) {
    var all = rows(), at = all.indexOf(d.activeElement);
    if (at < 0) at = all.indexOf(one('main .rows a[aria-current]'));
    at = all[at < 0 ? 0 : at + step];
    if (at) at.focus();
    return at;
  }
  function named(e) {
    if (e.key === '?' || (e.code === 'Slash' && e.shiftKey)) return '?';
    if (e.key === '/' || e.code === 'Slash') return '/';
    return (e.shiftKey ? 'Shift+' : '') + e.code;
  }
  function writing(e) {
    if (e.code === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); press(one(e.shiftKey ? '#send-next' : '#send')); }
    if (e.code === 'Escape') e.target.blur();
  }
  function say() {
    var b = one('#keys-switch');
    if (b) { b.hidden = false; b.textContent = b.dataset[store.keys === 'off' ? 'label' : 'hide']; }
  }
  on('keydown', function (e) {
    var key, row = e.target.closest('.rows');
    if (e.target.id === 'body') return writing(e);
    if (store.keys === 'off' || e.ctrlKey || e.altKey || e.metaKey || e.target.closest('input,textarea,select,[contenteditable]')) return;
    key = (Date.now() - before < 1500 ? 'KeyG ' : '') + named(e);
    before = key === 'KeyG' ? Date.now() : 0;
    if (key === 'KeyJ' || (row && key === 'ArrowDown') ? move(1) : key === 'KeyK' || (row && key === 'ArrowUp') ? move(-1)
      : press(one(key === 'Escape' ? '.back a' : '[data-key="' + key + '"]'))) e.preventDefault();
  });
  on('input', function (e) {
    var t = e.target, at = t.selectionStart;
    if (t.id !== 'body') return;
    one('#composing').value = t.value ? '1' : '';
    if (one('#canned') && t.value.slice(at - 2, at) === '::') { t.setRangeText('', at - 2, at, 'end'); one('#canned').focus(); }
  });
  on('click', function (e) {
    var b = one('#body');
    if (b && b.value !== b.defaultValue && e.target.closest('#list a')) htmx.trigger(b, 'leave'); /* keep the draft */
    if (e.target.id === 'keys-switch') { store.keys = store.keys === 'off' ? 'on' : 'off'; say(); }
  }, true);
  on('htmx:afterSettle', function () {
    var poll = one('#poll[data-title]');
    if (poll) d.title = poll.dataset.title;
    say();
    if (one('#thread')) rows().forEach(function (a) { a.ariaCurrent = a.pathname === location.pathname ? 'true' : null; });
  });
  say();
})();
