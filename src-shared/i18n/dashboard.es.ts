import type { dashboardEn } from './dashboard.en.ts';
import type { SameShape } from './same-shape.ts';

export const dashboardEs: SameShape<typeof dashboardEn> = {
  title: 'Servidor de DistriShare', skip: 'Ir al contenido', otherLanguage: 'English', themeDark: 'Tema oscuro', signOut: 'Salir', close: 'Cerrar', copy: 'Copiar', copied: 'Copiado',
  signIn: {
    title: 'El panel de tu servidor', text: 'Escribe el token de administración del servidor. Se queda en esta pestaña y se olvida al cerrarla.', label: 'Token de administración', submit: 'Mostrar el panel', busy: 'Preguntando…',
    wrong: 'Este no es el token de este servidor.', wrongNext: 'Es el adminToken de la configuración del servidor.', slow: 'Demasiados intentos desde tu dirección.', slowNext: 'Inténtalo de nuevo en {time}.',
  },
  off: {
    title: 'El panel está apagado', text: 'Muestra direcciones de dispositivos, así que el servidor solo se lo enseña a quien tiene su token de administración, y este servidor no tiene ninguno.', how: 'Para encenderlo, dale al servidor un token de al menos 16 caracteres y vuelve a iniciarlo:',
    file: 'En su archivo de configuración', env: 'O en su entorno', example: 'algo largo que nadie adivine', again: 'Probar de nuevo',
  },
  lost: { title: 'El servidor no responde', text: 'Lo que ves es de {when}. Seguirá solo cuando el servidor vuelva.', first: 'El servidor no responde. Se le vuelve a preguntar automáticamente.' },
  status: { ok: 'Todo bien', attention: 'Requiere atención', degraded: 'Con problemas', draining: 'Parando', live: 'En vivo', lost: 'Sin respuesta' },
  head: { version: 'Versión {version}', uptime: 'En marcha desde hace {time}', tlsOwn: 'Certificado propio', tlsAuthority: 'Certificado válido {time} más', tlsNone: 'TLS termina en un proxy', fingerprint: 'Copiar la huella' },
  alerts: {
    label: 'Avisos', storeFailing: 'No se puede guardar el estado: {problem}', storeFailingNext: 'El servidor sigue desde la memoria y lo intenta cada 5 segundos. Mira su disco.',
    near_nodes: '{used} de {most} dispositivos', near_entries: '{used} de {most} archivos compartidos', near_connections: '{used} de {most} conexiones', near_memory: '{used} de {most} de memoria',
    next_nodes: 'Después se rechaza a los dispositivos que lleguen. Sube maxNodes o pon un segundo servidor.', next_entries: 'Después no se lista nada más. Sube maxEntries si hay memoria para ello.', next_connections: 'Después no entra nadie. Sube maxConnections y, con él, LimitNOFILE.',
    next_memory: 'El sistema puede terminar el servidor. Baja maxNodes y maxEntries o dale más memoria.', certificateEnds: 'El certificado caduca hoy | El certificado caduca en {n} día | El certificado caduca en {n} días', certificateEnded: 'El certificado ha caducado',
    certificateNext: 'Renuévalo; el servidor toma los archivos nuevos en un minuto, sin reiniciar.', refused: '{n} conexión rechazada en el último minuto | {n} conexiones rechazadas en el último minuto', refusedNext: 'Una dirección que pide demasiado, o mucha gente detrás de una. Los límites por dirección están en la configuración.',
    ownErrors: '{n} petición falló por un error del servidor | {n} peticiones fallaron por un error del servidor', ownErrorsNext: 'Los detalles están en el registro. Por favor, comunícalos.', slow: 'Todo espera {time} más', slowNext: 'El procesador está ocupado con otra cosa, o el servidor tiene más trabajo del que cabe en un núcleo.',
    starting: 'Aún está leyendo lo que tenía guardado', startingNext: 'Todo funciona menos anunciar; las búsquedas pueden dejarse algo hasta que termine.', draining: 'El servidor está a punto de parar', drainingNext: 'Se ha dicho a los dispositivos cuándo volver.',
  },
  charts: {
    title: 'Los últimos cinco minutos', heartbeats: 'Latidos', registrations: 'Registros', searches: 'Búsquedas', announcements: 'Anuncios', requests: 'Peticiones HTTP', errors: 'Peticiones rechazadas', perSecond: '{n}/s', describe: '{name}: {now} ahora, {most} como máximo en los últimos cinco minutos',
  },
  server: {
    title: 'Este servidor', devices: 'Dispositivos', entries: 'Compartidos', connections: 'Conexiones', memory: 'Memoria', of: 'de {most}', processor: 'Procesador', delay: 'Demora', rooms: 'Salas', contents: 'Archivos distintos', relays: 'Conexiones por relé', webSockets: 'Atentos a cambios', refused: 'Conexiones rechazadas', oneCore: '{percent} de un núcleo',
  },
  lists: {
    label: 'Lo que sabe el servidor', files: 'Archivos', devices: 'Dispositivos', findFiles: 'Busca un archivo por palabras de su nombre', findDevices: 'Busca un dispositivo por id o dirección', clear: 'Borrar', previous: 'Página anterior', next: 'Página siguiente', range: '{from}–{to} de {total}', found: '{n} encontrado | {n} encontrados',
    noFiles: 'Aún no se comparte nada con todo el mundo.', noDevices: 'Aún no hay ningún dispositivo.', nothingFound: 'Nada coincide con «{words}».', notHere: 'Nada coincide en esta parte; quedan dispositivos por mirar.', failed: 'No se pudo leer esta lista. Se vuelve a intentar automáticamente.',
  },
  column: { name: 'Nombre', size: 'Tamaño', seeders: 'Semillas', leechers: 'Leechers', who: 'Quién lo tiene', device: 'Dispositivo', outside: 'Viene de', addresses: 'Se le encuentra en', rooms: 'Salas', shares: 'Archivos', heard: 'Visto', percent: 'Tiene', role: 'Papel' },
  role: { seeder: 'Semilla', leecher: 'Leecher' },
  kind: { file: 'Archivo', folder: 'Carpeta' },
  file: { id: 'Id del contenido', who: 'Quién lo tiene', gone: 'Ya nadie anuncia este contenido.', more: '+{n}', summary: '{seeders} con todo, {leechers} con una parte' },
  device: { id: 'Id del dispositivo', what: 'Lo que comparte con todo el mundo', nothing: 'No comparte nada con todo el mundo.', gone: 'Este dispositivo ya no está.', rooms: 'En ninguna sala | En 1 sala | En {n} salas', heard: 'Visto {when}', elsewhere: 'en otro servidor', noAddress: 'ninguna' },
};
