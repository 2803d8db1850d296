/**
 * What the journal's thread says, heard as soon as it can be. A message that comes by an event waits until the event
 * loop has read every question that came in with the last look at the sockets: whoever asked first waits for all, and
 * whoever asks sits idle meanwhile. So each draft looks whether something was said (one word of shared memory), and
 * takes it before the next question is decided; the event stays for when no draft comes.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type RingMemory, toldCounter } from './ring.js';

export interface Told {
  /** Hears what was said and not heard. Where nothing was it costs one look at shared memory. */
  look(): void;
  /** Hears what is left once the thread is gone, and listens no more. */
  end(): void;
}

/** @param hear is given each message once, in order */
export function listen<Message>(port: MessagePort, memory: RingMemory, hear: (message: Message) => void): Told {
  const told = toldCounter(memory);
  let heard = 0;
  const one = (message: Message): void => {
    heard = (heard + 1) | 0;
    hear(message);
  };
  const takeAll = (): void => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      one(next.message as Message);
  };
  port.on('message', one);
  return {
    look() {
      if (told.count !== heard) takeAll();
    },
    end() {
      takeAll();
      port.close();
    },
  };
}

/** The thread's side. */
export function teller<Message>(port: MessagePort, memory: RingMemory): (message: Message) => void {
  const told = toldCounter(memory);
  return (message) => {
    port.postMessage(message);
    // counted only now: whoever sees the count can take the message
    told.add();
  };
}
