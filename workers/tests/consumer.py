"""Reads all of a stream with a client and with code that know nothing of Tidemark, and prints what came.

usage: consumer.py URL STREAM COUNT
"""

import asyncio
import json
import sys

import nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy


async def main(url, stream, count):
    connection = await nats.connect(url, connect_timeout=5)
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.EXPLICIT)
    subscription = await connection.jetstream().pull_subscribe("", durable="stranger", stream=stream, config=config)
    seen = 0
    while seen < count:
        for message in await subscription.fetch(100, timeout=10):
            seen += 1
            sequence = message.metadata.sequence.stream
            line = {"sequence": sequence, "subject": message.subject, "headers": message.headers}
            line["data"] = json.loads(message.data)
            print(json.dumps(line))
            await message.ack_sync()
    # Whatever comes now has come twice, or is no event.
    try:
        for message in await subscription.fetch(1, timeout=0.5):
            print(json.dumps({"sequence": None, "subject": message.subject}))
    except nats.errors.TimeoutError:
        pass
    await connection.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
