from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from member import bootstrap, ended, group, strategy, tell, topic


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        tell(revoked=sorted(p.partition for p in revoked))

    def on_partitions_assigned(self, assigned):
        pass


assignor = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}[strategy]
consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, partition_assignment_strategy=[assignor],
                         auto_offset_reset="earliest", heartbeat_interval_ms=300)
consumer.subscribe([topic], listener=Listener())
while not ended.is_set():
    for batch in consumer.poll(timeout_ms=200).values():
        for record in batch:
            tell(record=record.value.decode(), partition=record.partition)
    tell(assigned=sorted(p.partition for p in consumer.assignment()))
consumer.close()
