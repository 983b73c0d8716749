import type { User } from "@/api/models";
import { words } from "@/strings.zh";

export interface Room { path: string; title: string; icon: string; roles: string[] | null }

const SELLING = ["clerk", "sales", "sales_supervisor"];
const PLANNING = ["planner", "planning_supervisor"];
const ROOMS: Room[] = [
  { path: "/", title: words.nav.workbench, icon: "home", roles: null },
  { path: "/orders", title: words.nav.orders, icon: "list", roles: null },
  { path: "/customers", title: words.nav.customers, icon: "people", roles: [...SELLING, "manager"] },
  { path: "/planning", title: words.nav.planning, icon: "plan", roles: [...PLANNING, "warehouse", "manager", "sales_supervisor"] },
  { path: "/floor", title: words.nav.floor, icon: "floor", roles: [...PLANNING, "team_leader", "manager"] },
  { path: "/warehouse", title: words.nav.warehouse, icon: "box", roles: ["warehouse", ...PLANNING, "manager"] },
  { path: "/stock", title: words.nav.stock, icon: "shelf", roles: ["warehouse", ...PLANNING, ...SELLING, "manager"] },
  { path: "/finance", title: words.nav.finance, icon: "money", roles: ["finance", "manager", ...SELLING] },
  { path: "/reports", title: words.nav.reports, icon: "chart", roles: ["manager", "finance", ...SELLING, ...PLANNING] },
  { path: "/settings", title: words.nav.settings, icon: "gear", roles: ["manager", "sales", "sales_supervisor"] },
];

/** The rooms a user has business in; what they may do there is the server's decision. */
export function roomsOf(user: User | null): Room[] {
  const mine = user?.roles ?? [];
  return ROOMS.filter((room) => room.roles === null || mine.includes("admin") || room.roles.some((role) => mine.includes(role)));
}
