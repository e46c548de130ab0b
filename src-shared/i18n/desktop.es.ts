import type { desktopEn } from './desktop.en.ts';
import type { SameShape } from './same-shape.ts';

export const desktopEs: SameShape<typeof desktopEn> = {
  closeQuestion: {
    title: '¿Mantener DistriShare en marcha?',
    body: 'Con la ventana cerrada puede seguir enviando y recibiendo, con un icono junto al reloj.',
    keep: 'Mantener en marcha', quit: 'Salir', cancel: 'Cancelar', remember: 'Hacer lo mismo la próxima vez',
  },
  menu: { keepRunning: 'Seguir en marcha al cerrar la ventana' },
  startFailed: { title: 'DistriShare no pudo arrancar' },
  nodeGone: { title: 'DistriShare se ha detenido', body: 'Su motor terminó de forma inesperada. Lo recibido está a salvo: abre DistriShare de nuevo y seguirá.' },
};
