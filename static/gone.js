/* in place of sw.js, where the device is not remembered */
oninstall = () => skipWaiting();
onactivate = e => e.waitUntil(caches.keys().then(k => Promise.all(k.map(x => caches.delete(x)))).then(() => registration.unregister()));
