"""A charge point goes through one charging session, driven by a program of one's own."""

import asyncio

from evtui import CentralSystem, Lab, Settings, StationOffline


async def main() -> None:
    async with CentralSystem(port=0) as csms:
        csms.id_tags.set("CARD", parent="FLEET")
        leave = asyncio.Event()  # evtui's own charge point; any other would do as well
        station = asyncio.create_task(Lab(Settings(csms=csms.url), csms.clock).run(leave))
        info = await csms.wait_for("CP1", timeout=10)
        print(f"{info.identity}: {info.vendor} {info.model}, {info.boot_status}")

        start = {"connectorId": 1, "idTag": "CARD"}
        print(await csms.call("CP1", "RemoteStartTransaction", start))
        transaction = await csms.until(lambda: csms.open_transaction("CP1", 1))
        stop = {"transactionId": transaction.transaction_id}
        print(await csms.call("CP1", "RemoteStopTransaction", stop))
        await csms.until(lambda: not transaction.open)
        print(f"{transaction.id_tag} charged {transaction.energy} Wh, {transaction.reason}")

        leave.set()
        await station
        try:
            await csms.call("CP1", "Reset", {"type": "Soft"}, timeout=5)
        except StationOffline as away:
            print(away)


asyncio.run(main())
