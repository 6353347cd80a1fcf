/* staff only: keys by their place on the keyboard, whatever the layout writes (ux.md §6.1); that somebody writes.
   What a key does is the element that carries it in data-key: a link or button is pressed, a field gets the focus. */
(function () {
  'use strict';
  var d = document, store, before = 0;
  try { store = localStorage; } catch (_) { store = {}; }
  function one(css) { return d.querySelector(css); }
  function press(x) {
    if (!x) return;
    if (x.type === 'radio') { x.checked = true; x = one('#body'); }
    if (x.tagName === 'DETAILS') { x.open = true; x = x.firstElementChild; }
    if (x.matches('a,button')) x.click(); else x.focus();
    return true;
  }
  function move(step) {
    var rows = Array.prototype.slice.call(d.querySelectorAll('main .rows a')), at = rows.indexOf(d.activeElement);
    if (at < 0) at = rows.indexOf(one('main .rows a[aria-current]'));
    at = rows[at < 0 ? 0 : at + step];
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
  d.addEventListener('keydown', function (e) {
    var key, row = e.target.closest('.rows');
    if (e.target.id === 'body') return writing(e);
    if (store.keys === 'off' || e.ctrlKey || e.altKey || e.metaKey || e.target.closest('input,textarea,select,[contenteditable]')) return;
    key = (Date.now() - before < 1500 ? 'KeyG ' : '') + named(e);
    before = key === 'KeyG' ? Date.now() : 0;
    if (key === 'KeyJ' || (row && key === 'ArrowDown') ? move(1) : key === 'KeyK' || (row && key === 'ArrowUp') ? move(-1)
      : press(one(key === 'Escape' ? '.back a' : '[data-key="' + key + '"]'))) e.preventDefault();
  });
  d.addEventListener('input', function (e) {
    var t = e.target, at = t.selectionStart;
    if (t.id !== 'body') return;
    one('#composing').value = t.value ? '1' : '';
    if (one('#canned') && t.value.slice(at - 2, at) === '::') { t.setRangeText('', at - 2, at, 'end'); one('#canned').focus(); }
  });
  d.addEventListener('htmx:afterSettle', function () {
    var poll = one('#poll[data-title]');
    if (poll) d.title = poll.dataset.title;
  });

  var b = one('#keys-switch');
  function say() { b.textContent = store.keys === 'off' ? b.dataset.label : b.dataset.hide; }
  if (!b) return;
  b.hidden = false; say();
  b.addEventListener('click', function () { store.keys = store.keys === 'off' ? 'on' : 'off'; say(); });
})();
