"""The courier: picks the vendor's module, sends through the egress guard, and says what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics, trace

from chassis.clock import Clock
from chassis.telemetry import context_of, current_traceparent, tracer
from notify_service.adapters.channels import dingtalk, email, feishu, in_app, null, webhook, wechat_mp, wecom
from notify_service.adapters.channels.wire import Call, Request
from notify_service.adapters.egress import Answer, Egress, NoAnswer, NotReached
from notify_service.app.ports import Parcel
from notify_service.domain.address import MAIL_PORTS, Forbidden
from notify_service.domain.outcome import Outcome, Result

REMOTE = {
    "dingtalk": dingtalk, "wecom": wecom, "feishu": feishu, "wechat_mp": wechat_mp, "email": email, "webhook": webhook,
}  # fmt: skip
LOCAL: dict[str, Callable[[Call], Awaitable[Outcome]]] = {"in_app": in_app.deliver, "null": null.deliver}
TOKEN_EARLY = timedelta(minutes=5)
_sends = metrics.get_meter("notify").create_counter("notifications_sent", description="Sends by channel and result")
log = structlog.get_logger()


@dataclass
class EgressCourier:
    """Sends for real. Channels without an address of their own go to the demo's sink, when there is one."""

    egress: Egress
    clock: Clock
    _tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one parcel inside the trace of its order; every fault of the other side is an outcome."""
        channel = parcel.channel
        kind = trace.SpanKind.CLIENT
        with tracer.start_as_current_span(f"send {channel.kind}", context=context_of(parcel.traceparent), kind=kind):
            try:
                outcome = await self._carry(parcel)
            except Exception as error:  # a fault of ours must not stop the other messages
                log.exception("send_failed", channel=channel.code, notification=str(parcel.id))
                outcome = Outcome(Result.REFUSED, repr(error)[:200])
            _sends.add(1, {"channel": channel.code, "result": outcome.result.value})
            log.info(
                "message_sent" if outcome.result is Result.DELIVERED else "message_not_sent",
                channel=channel.code, kind=channel.kind, notification=str(parcel.id), count=len(parcel.notification_ids),
                result=outcome.result.value, detail=outcome.detail,
            )  # fmt: skip
            return outcome

    async def _carry(self, parcel: Parcel) -> Outcome:
        channel = parcel.channel
        sink = f"{self.egress.sink_url}/{channel.kind}/{channel.code}" if self.egress.sink_url else ""
        call = Call(
            url=channel.url or sink, secret=channel.secret, text=parcel.text, message_id=str(parcel.message_id),
            event_id=str(parcel.event_id), event_type=parcel.event_type, recipient=parcel.recipient, now=self.clock.now(),
            event=parcel.event,
        )  # fmt: skip
        if channel.kind in LOCAL:
            return await LOCAL[channel.kind](call)
        try:
            return await self._remote(channel.kind, call)
        except Forbidden as error:
            return Outcome(Result.REFUSED, f"address not allowed: {error}")
        except NotReached as error:
            return Outcome(Result.DOWN, str(error)[:200])
        except NoAnswer as error:
            return Outcome(Result.UNCLEAR, str(error)[:200])

    async def _remote(self, kind: str, call: Call) -> Outcome:
        if kind == "email" and call.url.partition(":")[0] in MAIL_PORTS:
            _, ip = await self.egress.place_of(call.url, kind)
            return await asyncio.to_thread(email.by_smtp, call, ip)
        module = REMOTE[kind]
        request: Request = module.build(call)
        if kind == "wechat_mp" and call.secret and wechat_mp.is_vendor(call.url):
            request = replace(request, url=wechat_mp.with_token(request.url, await self._token(call)))
        answer = await self._post(request, kind, traced=self._tells_trace(kind, request.url))
        if kind == "wechat_mp" and answer.code("errcode") in wechat_mp.TOKEN_STALE:
            self._tokens.pop(call.secret, None)
            return Outcome(Result.DOWN, answer.shown)
        outcome: Outcome = module.read(answer)
        return outcome

    def _tells_trace(self, kind: str, url: str) -> bool:
        """True for receivers that may know our trace ids: webhooks and the demo's sink, not the vendors."""
        return kind == "webhook" or bool(self.egress.sink_url and url.startswith(self.egress.sink_url))

    async def _post(self, request: Request, kind: str, *, traced: bool) -> Answer:
        headers = dict(request.headers)
        if traced and (traceparent := current_traceparent()):
            headers["traceparent"] = traceparent
        return await self.egress.post(request.url, kind, headers, request.content)

    async def _token(self, call: Call) -> str:
        """Return WeChat's access token, asked for again five minutes before it ends."""
        token, until = self._tokens.get(call.secret, ("", call.now))
        if call.now < until:
            return token
        answer = await self._post(wechat_mp.token_request(call.secret), "wechat_mp", traced=False)
        said = answer.json()
        if not said.get("access_token"):
            raise NotReached(f"no access token: {answer.shown}")
        token = str(said["access_token"])
        self._tokens[call.secret] = (
            token,
            call.now + timedelta(seconds=int(said.get("expires_in", 7200))) - TOKEN_EARLY,
        )
        return token
