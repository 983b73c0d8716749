// Compile-time proof that the models name nothing the published contract does not have. Regenerate `schema.d.ts` with
// `npm run api` after saving /api/v1/openapi.json as openapi.json; `npm run types` then fails where the two disagree.
import type * as ours from "./models";
import type { components } from "./schema";
import type { Coming, ExpectedReceipt, ItemShortage, Waiting } from "./supply";
import type { ChangeImpact, Explained, Rush } from "./impact";

type Theirs = components["schemas"];
type Stray<Model, Name extends keyof Theirs> = Exclude<keyof Model, keyof Theirs[Name]>;
type Sound<Strays extends never> = Strays;

export type Conformance = [
  Sound<Stray<ours.Order, "Order">>, Sound<Stray<ours.OrderLine, "OrderLine">>, Sound<Stray<ours.Customer, "Customer">>, Sound<Stray<ours.Item, "Item">>,
  Sound<Stray<ours.ProductionOrder, "ProductionOrder">>, Sound<Stray<ours.Operation, "Operation">>, Sound<Stray<ours.Component, "Component">>, Sound<Stray<ours.Shortage, "Shortage">>,
  Sound<Stray<ours.PickLine, "PickLine">>, Sound<Stray<ours.PlanJob, "PlanJob">>, Sound<Stray<ours.PlanJobEntry, "PlanJobEntry">>, Sound<Stray<ours.Plan, "GetPlan">>, Sound<Stray<ours.LinePromise, "LinePromise">>, Sound<Stray<ours.PromiseAnswer, "GetPromise">>,
  Sound<Stray<ours.Explosion, "Explode">>, Sound<Stray<ours.Requirement, "Requirement">>, Sound<Stray<ours.Stock, "Stock">>, Sound<Stray<ours.LedgerEntry, "LedgerEntry">>,
  Sound<Stray<ours.ScanBody, "ScanBody">>, Sound<Stray<ours.Verdict, "ScanVerdict">>, Sound<Stray<ours.ScanTarget, "GetScanTarget">>, Sound<Stray<ours.InvoiceTask, "InvoiceTask">>,
  Sound<Stray<ours.InvoiceLine, "InvoiceLine">>, Sound<Stray<ours.Difference, "Difference">>, Sound<Stray<ours.Complaint, "Complaint">>, Sound<Stray<ours.Notification, "Notification">>, Sound<Stray<ours.Channel, "NotificationChannel">>,
  Sound<Stray<ours.Subscription, "Subscription">>, Sound<Stray<ours.QuietHours, "QuietHours">>, Sound<Stray<ours.StateCount, "StateCount">>, Sound<Stray<ours.OrderDraft, "OrderBody">>, Sound<Stray<ours.LineDraft, "OrderLineBody">>, Sound<Stray<Explained, "ShortageExplanation">>,
  Sound<Stray<Rush, "PreviewRush">>, Sound<Stray<ChangeImpact, "PreviewChange">>,
  Sound<Stray<ItemShortage, "ItemShortage">>, Sound<Stray<Waiting, "WaitingDemand">>, Sound<Stray<Coming, "ExpectedGoods">>, Sound<Stray<ExpectedReceipt, "ExpectedReceipt">>,
];
