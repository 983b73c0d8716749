import { reactive } from "vue";
import { problemOf } from "@/api/problem";
import type { User } from "@/api/models";

const KEPT = "orderhub.session";
const DEVICE = "orderhub.device-token";
const DEVICE_ID = "orderhub.device";
const CSRF_COOKIE = "oh_csrf";
const EARLY_MS = 45_000;

interface Kept { user: User; until: number }
interface LoginAnswer { expires_in: number; user: User }

function kept(): Kept | null {
  try { return JSON.parse(localStorage.getItem(KEPT) ?? "null") as Kept | null; } catch { return null; }
}

function cookie(name: string): string {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

export interface EnrolledDevice { device_id: string; token: string; renew_at?: string }
function enrolled(): EnrolledDevice | null {
  try { return JSON.parse(localStorage.getItem(DEVICE) ?? "null") as EnrolledDevice | null; } catch { return null; }
}

let renewing: Promise<boolean> | null = null;
let waiting: (() => void)[] = [];

/** Who is signed in. The tokens themselves live in HttpOnly cookies; only a name and a time are kept here. */
export const session = reactive({
  user: null as User | null,
  asking: false,
  device: typeof localStorage === "undefined" ? null : enrolled(),

  /** Exchanges the one-time code of the enrolment QR for this device's own token. */
  async enrol(code: string): Promise<void> {
    const answer = await fetch("/api/v1/devices:enrol", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }) });
    if (!answer.ok) throw await problemOf(answer);
    this.device = (await answer.json()) as EnrolledDevice;
    localStorage.setItem(DEVICE, JSON.stringify(this.device));
    localStorage.setItem(DEVICE_ID, this.device.device_id);
  },
  /** Exchanges the device's token for the next one when it is time; offline or refused, the old one goes on as long as it may. */
  async renewDevice(): Promise<void> {
    const device = this.device;
    if (!device || Date.now() < Date.parse(device.renew_at ?? "1970-01-01")) return;
    const answer = await fetch("/api/v1/devices:renew", { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${device.token}` }, body: "{}" }).catch(() => null);
    if (!answer?.ok) return;
    this.device = (await answer.json()) as EnrolledDevice;
    localStorage.setItem(DEVICE, JSON.stringify(this.device));
  },
  /** Who sends, when nobody is signed in: an enrolled device. */
  bearer(): Record<string, string> { return !this.user && this.device ? { Authorization: `Bearer ${this.device.token}` } : {}; },
  dropDevice(): void { this.device = null; localStorage.removeItem(DEVICE); },

  /** Takes up the sign-in of this browser; a new tab needs no password. */
  async start(): Promise<void> {
    void this.renewDevice();
    const found = kept();
    if (!found || !cookie(CSRF_COOKIE)) return;
    this.user = found.user;
    if (Date.now() >= found.until - EARLY_MS && !(await this.renew())) this.forget();
  },
  csrf(): Record<string, string> {
    const token = cookie(CSRF_COOKIE);
    return token ? { "X-CSRF-Token": token } : {};
  },
  keep(answer: LoginAnswer): void {
    this.user = answer.user;
    localStorage.setItem(KEPT, JSON.stringify({ user: answer.user, until: Date.now() + answer.expires_in * 1000 } satisfies Kept));
  },
  async signIn(username: string, password: string): Promise<void> {
    const answer = await fetch("/api/v1/auth/login", {
      method: "POST", headers: { "Content-Type": "application/json" }, credentials: "same-origin",
      body: JSON.stringify({ username, password, cookie: true }),
    });
    if (!answer.ok) throw await problemOf(answer);
    this.keep((await answer.json()) as LoginAnswer);
    this.asking = false;
    for (const go of waiting.splice(0)) go();
  },
  async signOut(): Promise<void> {
    await fetch("/api/v1/auth/logout", { method: "POST", headers: { "Content-Type": "application/json", ...this.csrf() }, body: "{}" }).catch(() => null);
    this.forget();
  },
  forget(): void { this.user = null; localStorage.removeItem(KEPT); },

  /** Renews the ten-minute token shortly before it ends; one renewal serves every request and every tab. */
  async ensureFresh(): Promise<void> {
    const until = kept()?.until ?? 0;
    if (!this.user || Date.now() < until - EARLY_MS) return;
    renewing ??= this.renew().finally(() => { renewing = null; });
    if (!(await renewing)) await this.signInAgain();
  },
  /** False when the sign-in has ended; a server that is away does not end it. */
  async renew(): Promise<boolean> {
    const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
    const once = async (): Promise<boolean> => {
      if (Date.now() < (kept()?.until ?? 0) - EARLY_MS) return true;
      const answer = await fetch("/api/v1/auth/refresh", {
        method: "POST", headers: { "Content-Type": "application/json", ...this.csrf() }, credentials: "same-origin", body: "{}",
      }).catch(() => null);
      if (answer?.ok) this.keep((await answer.json()) as LoginAnswer);
      return !answer || answer.ok || answer.status >= 500;
    };
    return locks ? await locks.request("orderhub-renew", once) : once();
  },
  /** Shows the sign-in over the page and waits, so that what a person typed is not lost. */
  signInAgain(): Promise<void> {
    if (kept()) localStorage.setItem(KEPT, JSON.stringify({ ...kept(), until: 0 }));
    this.asking = true;
    return new Promise((done) => waiting.push(done));
  },
  may(...roles: string[]): boolean {
    const mine = this.user?.roles ?? [];
    return mine.includes("admin") || roles.some((role) => mine.includes(role));
  },
});
