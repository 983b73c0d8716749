import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { words } from "./strings.zh";

declare module "vue-router" {
  interface RouteMeta { title: string; open?: boolean; full?: boolean; device?: boolean; roles?: string[] }
}

const routes: RouteRecordRaw[] = [
  { path: "/", component: () => import("./pages/workbench/WorkbenchPage.vue"), meta: { title: words.nav.workbench } },
  { path: "/orders", component: () => import("./pages/orders/OrdersPage.vue"), meta: { title: words.nav.orders } },
  { path: "/orders/new", component: () => import("./pages/orders/EntryPage.vue"), meta: { title: words.entry.title } },
  { path: "/orders/:number", component: () => import("./pages/orders/OrderPage.vue"), meta: { title: words.nav.orders } },
  { path: "/customers", component: () => import("./pages/customers/CustomersPage.vue"), meta: { title: words.nav.customers, roles: ["clerk", "sales", "sales_supervisor", "planner", "planning_supervisor", "finance", "manager"] } },
  { path: "/planning", component: () => import("./pages/planning/PlanningPage.vue"), meta: { title: words.nav.planning } },
  { path: "/floor", component: () => import("./pages/floor/FloorPage.vue"), meta: { title: words.nav.floor, full: true } },
  { path: "/warehouse", component: () => import("./pages/warehouse/WarehousePage.vue"), meta: { title: words.nav.warehouse, full: true, device: true } },
  { path: "/stock", component: () => import("./pages/stock/StockPage.vue"), meta: { title: words.nav.stock } },
  { path: "/refused", component: () => import("./pages/refused/RefusedPage.vue"), meta: { title: words.refused.title, roles: ["clerk", "sales", "sales_supervisor", "planner", "planning_supervisor", "manager"] } },
  { path: "/me", component: () => import("./pages/me/MePage.vue"), meta: { title: words.me.title } },
  { path: "/finance", component: () => import("./pages/finance/FinancePage.vue"), meta: { title: words.nav.finance, roles: ["finance", "manager", "sales_supervisor", "sales", "clerk"] } },
  { path: "/reports", component: () => import("./pages/reports/ReportsPage.vue"), meta: { title: words.nav.reports } },
  { path: "/settings", component: () => import("./pages/settings/SettingsPage.vue"), meta: { title: words.nav.settings } },
  { path: "/settings/self-check", component: () => import("./pages/settings/SelfCheckPage.vue"), meta: { title: words.check.title, roles: ["manager"] } },
  { path: "/t/:token", component: () => import("./pages/customer/TrackPage.vue"), meta: { title: words.track.title, open: true, full: true } },
  { path: "/f/:code", component: () => import("./pages/customer/FormPage.vue"), meta: { title: words.form.title, open: true, full: true } },
  { path: "/:rest(.*)*", component: () => import("./pages/MissingPage.vue"), meta: { title: words.problem.notFound } },
];

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 } });
router.afterEach((to) => { document.title = `${to.meta.title} · ${words.appName}`; });
