oninstall = () => skipWaiting();
onfetch = e => {
  const r = e.request;
  if (r.mode === 'navigate' && r.method === 'GET') e.respondWith(fetch(r).catch(() => caches.match('/offline')));
  else if (r.url.includes('/static/')) e.respondWith(caches.match(r).then(x => x || fetch(r)));
};
