"""Attributes that drift in scenarios, in the words of unified and native types."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final


@dataclass(frozen=True)
class Knob:
    """One attribute that can drift."""

    type: str
    path: str
    ways: str
    """number, text, switch, tag, rules or gone."""
    low: float = 0
    high: float = 0

    def expected(self, chance: Random) -> Any:
        """What is desired."""
        match self.ways:
            case "number":
                return max(1, round(chance.uniform(self.low, self.high)))
            case "switch":
                return True
            case "rules":
                return [{"port": 443, "cidr": f"10.{chance.randrange(250)}.0.0/16"}]
            case _:
                return f"v{chance.randrange(1, 40)}"


ORDINARY: Final = (
    Knob("Queue", "visibilityTimeout", "number", 10, 600),
    Knob("Queue", "messageRetentionSeconds", "number", 3_600, 1_209_600),
    Knob("Queue", "delaySeconds", "number", 1, 300),
    Knob("Table", "ttlAttribute", "text"),
    Knob("Function", "memoryMib", "number", 128, 4_096),
    Knob("Function", "timeoutSeconds", "number", 3, 900),
    Knob("Function", "environment.LOG_LEVEL", "text"),
    Knob("Function", "handler", "text"),
    Knob("Database", "storageGib", "number", 20, 2_000),
    Knob("Database", "backupRetentionDays", "number", 1, 35),
    Knob("Database", "deletionProtection", "switch"),
    Knob("LoadBalancer", "idleTimeoutSeconds", "number", 30, 600),
    Knob("DnsRecord", "ttlSeconds", "number", 30, 86_400),
    Knob("DnsRecord", "values", "text"),
    Knob("LogGroup", "retentionDays", "number", 7, 400),
    Knob("ObjectStore", "versioning", "switch"),
    Knob("Compute", "instanceType", "text"),
    Knob("Compute", "userData", "text"),
)
EXPOSING: Final = (
    Knob("SecurityGroup", "ingress", "rules"),
    Knob("SecurityGroup", "egress", "rules"),
    Knob("ObjectStore", "publicAccess", "text"),
    Knob("ObjectStore", "encryption", "switch"),
    Knob("Database", "public", "text"),
    Knob("Database", "encryption", "switch"),
    Knob("Role", "policies", "text"),
    Knob("Role", "trust", "text"),
)
SCALING: Final = (
    Knob("aws/AWS::AutoScaling::AutoScalingGroup", "desiredCapacity", "number", 2, 40),
    Knob("aws/AWS::ECS::Service", "desiredCount", "number", 1, 60),
    Knob("azure/Microsoft.Compute/virtualMachineScaleSets", "sku.capacity.desired", "number", 2, 50),
    Knob("Table", "readCapacityUnits", "number", 5, 4_000),
    Knob("Table", "writeCapacityUnits", "number", 5, 2_000),
    Knob("tf/google_container_node_pool", "nodeCount", "number", 1, 30),
    Knob("tf/kubernetes_deployment", "spec.replicas", "number", 1, 40),
)
RENEWED: Final = (
    Knob("Database", "engineVersion", "text"),
    Knob("Database", "maintenanceWindow", "text"),
    Knob("Database", "caCertificateIdentifier", "text"),
    Knob("Cache", "engineVersion", "text"),
    Knob("Function", "runtime", "text"),
    Knob("Compute", "imageId", "text"),
    Knob("LoadBalancer", "sslPolicy", "text"),
    Knob("tf/google_container_cluster", "masterVersion", "text"),
)
DECAYING: Final = (
    Knob("Queue", "tags.owner", "tag"),
    Knob("Table", "tags.cost-centre", "tag"),
    Knob("Compute", "tags.env", "tag"),
    Knob("Compute", "monitoring", "switch"),
    Knob("LogGroup", "retentionDays", "number", 7, 400),
    Knob("Database", "storageGib", "number", 20, 2_000),
    Knob("Database", "parameterGroup", "text"),
    Knob("ObjectStore", "lifecycleDays", "number", 7, 700),
    Knob("Function", "layers", "text"),
)
