"""Sending one short message, wherever to."""

from tracker.gateways.smpp import SmppSms
from tracker.kit.providers import sms_centre_from
from tracker.notifications.ports import Receipt, ShortMessage, SmsGateway


def at(port: int, timeout: float = 1.0) -> SmppSms:
    return SmppSms(sms_centre_from(f"smpp://club:secret@127.0.0.1:{port}?source=CLUB"), timeout)


def send_one(gateway: SmsGateway, phone: str, text: str = "Код 1") -> Receipt:
    (receipt,) = gateway.send([ShortMessage("one", phone, text)])
    return receipt
