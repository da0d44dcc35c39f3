"""Random operations of MLMD's protocol, in the real store's ids.

What an operation is made of comes from a number that Hypothesis draws, so that it can leave
operations out of a sequence and the rest stay what they are.
"""

import random

from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service_pb
from worlds import ARTIFACT, CONTEXT, EXECUTION

KINDS = (ARTIFACT, EXECUTION, CONTEXT)
NAMES = ["a", "b", "c", "", "it's 100%", 'q"`z', "ünï", "B"]
URIS = ["", "gs://b/1", "gs://b/2", "/x y", "u'`\"\\"]
EXTERNAL_IDS = ["e1", "e2", "e3", "E1"]
KEYS = {
    "i": pb.INT,
    "d": pb.DOUBLE,
    "s": pb.STRING,
    "t": pb.STRUCT,
    "p": pb.PROTO,
    "b": pb.BOOLEAN,
    "my param": pb.STRING,
    "a.b": pb.INT,
}
TYPE_NAMES = ["Alpha", "Beta", "Gamma"]
VERSIONS = [None, None, None, "", "v1"]
_MESSAGES = {
    ARTIFACT: (pb.Artifact, pb.ArtifactType),
    EXECUTION: (pb.Execution, pb.ExecutionType),
    CONTEXT: (pb.Context, pb.ContextType),
}


class Operations:
    """Draws requests that suit what the worlds hold."""

    def __init__(self, worlds):
        self.random = random.Random(0)
        self.worlds = worlds
        self.types = {kind: {} for kind in KINDS}  # id to its properties

    def pick(self, options):
        return self.random.choice(list(options))

    def flag(self, chance=0.3):
        return self.random.random() < chance

    # Parts.

    def node_id(self, kind):
        known = self.worlds.known(kind)
        if not known or self.flag(0.05):
            return self.pick([0, -1, 10**6])
        return self.pick(known)

    def type_id(self, kind):
        known = list(self.types[kind])
        if not known or self.flag(0.03):
            return self.pick([0, 1, 5, 10**6, *self.types[self.pick(KINDS)]])
        return self.pick(known)

    def value(self, message, kind):
        if kind == pb.INT:
            message.int_value = self.random.choice([0, 1, 2, 3, -5, 2**63 - 1, -(2**63)])
        elif kind == pb.DOUBLE:
            message.double_value = self.random.choice([0.0, 0.5, 1.0, 2.0, -3.25, 1024.125])
        elif kind == pb.STRING:
            message.string_value = self.random.choice(["", "x", "train", "it's", "a%b_", "é"])
        elif kind == pb.STRUCT:
            message.struct_value["k"] = self.random.choice([1.5, "v", True, None])
        elif kind == pb.PROTO:
            message.proto_value.type_url = "type.googleapis.com/x.Y"
            message.proto_value.value = self.random.choice([b"", b"\x08\x01"])
        else:
            message.bool_value = self.random.random() < 0.5

    def properties(self, message, declared):
        for key, kind in declared.items():
            if self.flag(0.6):
                wrong = self.flag(0.02)
                self.value(message.properties[key], self.pick(KEYS.values()) if wrong else kind)
        if self.flag(0.02):
            self.value(message.properties["nope"], pb.INT)
        for _ in range(self.random.randint(0, 2)):
            key = self.pick([*KEYS, "i", "s", ""])
            self.value(message.custom_properties[key], self.pick(KEYS.values()))

    def node(self, kind, *, update=None, partial=False):
        message = _MESSAGES[kind][0]()
        update = self.flag(0.35) if update is None else update
        if update:
            message.id = self.node_id(kind)
        if not update or not self.flag(0.4):
            message.type_id = self.type_id(kind)
        if self.flag(0.02):
            message.ClearField("type_id")
        if (self.flag(0.5) or kind == CONTEXT) and not self.flag(0.05):
            message.name = self.pick(NAMES if self.flag(0.15) else [f"n{i}" for i in range(30)])
        if self.flag(0.1):
            message.external_id = self.pick(EXTERNAL_IDS)
        if self.flag(0.05):
            message.type = self.pick(TYPE_NAMES)
        if kind == ARTIFACT:
            if self.flag(0.6):
                message.uri = self.pick(URIS)
            if self.flag(0.5):
                message.state = self.random.randint(0, 6)
        if kind == EXECUTION and self.flag(0.5):
            message.last_known_state = self.random.randint(0, 6)
        if not partial or self.flag():
            self.properties(message, self.types[kind].get(message.type_id, {}))
        return message

    def event(self, *, artifact=True, execution=True):
        message = pb.Event()
        if artifact:
            message.artifact_id = self.node_id(ARTIFACT)
        if execution:
            message.execution_id = self.node_id(EXECUTION)
        if not self.flag(0.03):
            message.type = self.pick([pb.Event.INPUT, pb.Event.OUTPUT, *range(8)])
        if self.flag(0.4):
            message.milliseconds_since_epoch = self.pick([0, 1, 100])
        for _ in range(self.random.randint(0, 2) if self.flag() else 0):
            step = message.path.steps.add()
            if self.flag(0.5):
                step.index = self.pick([0, 3, -1])
            elif not self.flag(0.1):
                step.key = self.pick(["k", ""])
        return message

    def mask(self, message):
        for _ in range(self.random.randint(1, 3)):
            key = self.pick([*KEYS, "nope"])
            message.paths.append(
                self.pick(
                    [
                        "uri",
                        "state",
                        "last_known_state",
                        "external_id",
                        "properties",
                        "custom_properties",
                        f"properties.{key}",
                        f"custom_properties.{key}",
                        "whatever",
                    ]
                )
            )

    # Writes.

    def put_type(self, kind=None):
        kind = kind or self.pick(KINDS)
        request = getattr(service_pb, f"Put{kind.capitalize()}TypeRequest")()
        self.fill_type(getattr(request, f"{kind}_type"), kind)
        self.type_flags(request)
        return f"Put{kind.capitalize()}Type", request

    def type_flags(self, request):
        request.can_add_fields = self.flag(0.5)
        request.can_omit_fields = self.flag(0.5)
        if self.flag(0.01):
            request.all_fields_match = False

    def fill_type(self, message, kind):
        if not self.flag(0.01):
            message.name = self.pick(TYPE_NAMES)
        version = self.pick(VERSIONS)
        if version is not None:
            message.version = version
        for key in self.random.sample(list(KEYS), self.random.randint(0, 5)):
            message.properties[key] = KEYS[key]
            if self.flag(0.02):
                message.properties[key] = self.random.randint(0, 6)
        if self.flag(0.1):
            message.external_id = self.pick(["t1", "t2", "t3"])
        if self.flag(0.1):
            message.description = self.pick(["one", "two"])
        if kind != CONTEXT and self.flag(0.08):
            message.base_type = self.random.randint(0, 4)
        if kind == EXECUTION and self.flag(0.05):
            message.input_type.dict.properties["x"].any.SetInParent()

    def put_types(self):
        request = service_pb.PutTypesRequest()
        for kind in KINDS:
            for _ in range(self.random.randint(0, 2)):
                self.fill_type(getattr(request, f"{kind}_types").add(), kind)
        self.type_flags(request)
        return "PutTypes", request

    def put_nodes(self):
        kind = self.pick(KINDS)
        request = getattr(service_pb, f"Put{kind.capitalize()}sRequest")()
        masked = self.flag(0.25)
        for _ in range(self.random.randint(1, 3)):
            getattr(request, f"{kind}s").append(self.node(kind, partial=masked))
        if masked:
            self.mask(request.update_mask)
        return f"Put{kind.capitalize()}s", request

    def put_events(self):
        request = service_pb.PutEventsRequest()
        for _ in range(self.random.randint(1, 3)):
            request.events.append(self.event(artifact=not self.flag(0.02)))
        return "PutEvents", request

    def put_links(self):
        request = service_pb.PutAttributionsAndAssociationsRequest()
        for _ in range(self.random.randint(0, 2)):
            request.attributions.add(
                artifact_id=self.node_id(ARTIFACT), context_id=self.node_id(CONTEXT)
            )
        for _ in range(self.random.randint(0, 2)):
            request.associations.add(
                execution_id=self.node_id(EXECUTION), context_id=self.node_id(CONTEXT)
            )
        return "PutAttributionsAndAssociations", request

    def put_parents(self):
        request = service_pb.PutParentContextsRequest()
        for _ in range(self.random.randint(1, 2)):
            request.parent_contexts.add(
                child_id=self.node_id(CONTEXT), parent_id=self.node_id(CONTEXT)
            )
        return "PutParentContexts", request

    def put_execution(self):
        request = service_pb.PutExecutionRequest()
        request.execution.CopyFrom(self.node(EXECUTION))
        options = request.options
        options.reuse_context_if_already_exist = self.flag(0.5)
        options.reuse_artifact_if_already_exist_by_external_id = self.flag(0.3)
        options.force_reuse_context = self.flag(0.3)
        options.force_update_time = self.flag(0.2)
        for _ in range(self.random.randint(0, 3)):
            pair = request.artifact_event_pairs.add()
            held = not self.flag(0.3)
            if held:
                pair.artifact.CopyFrom(self.node(ARTIFACT))
            if self.flag(0.8):
                pair.event.CopyFrom(self.event(artifact=not held, execution=self.flag(0.03)))
        for _ in range(self.random.randint(0, 2)):
            context = self.node(CONTEXT)
            if options.force_reuse_context and self.flag(0.5):
                context = pb.Context(id=self.node_id(CONTEXT))
            request.contexts.append(context)
        return "PutExecution", request

    def put_subgraph(self):
        request = service_pb.PutLineageSubgraphRequest()
        for kind in KINDS:
            for _ in range(self.random.randint(0, 2)):
                getattr(request, f"{kind}s").append(self.node(kind, update=self.flag(0.2)))
        for _ in range(self.random.randint(0, 3)):
            edge = request.event_edges.add()
            by_index = self.flag(0.8)
            edge.event.CopyFrom(self.event(artifact=not by_index, execution=not by_index))
            if by_index:
                edge.execution_index = self.random.randint(0, max(0, len(request.executions) - 1))
                edge.artifact_index = self.random.randint(0, max(0, len(request.artifacts) - 1))
        request.options.reuse_context_if_already_exist = self.flag(0.5)
        request.options.reuse_artifact_if_already_exist_by_external_id = self.flag(0.3)
        return "PutLineageSubgraph", request

    # Reads.

    def get_by_ids(self):
        kind = self.pick(KINDS)
        name = f"Get{kind.capitalize()}sByID"
        ids = [self.node_id(kind) for _ in range(self.random.randint(0, 4))]
        request = getattr(service_pb, f"{name}Request")(**{f"{kind}_ids": ids})
        if kind == ARTIFACT:
            request.populate_artifact_types = self.flag()
        return name, request

    def get_by_type(self):
        kind = self.pick(KINDS)
        name = f"Get{kind.capitalize()}sByType"
        return name, self.typed(name)

    def typed(self, name, **fields):
        fields["type_name"] = self.pick([*TYPE_NAMES, "Alpha", "nope", "mlmd.Model"])
        version = self.pick(VERSIONS)
        if version is not None:
            fields["type_version"] = version
        return getattr(service_pb, f"{name}Request")(**fields)

    def get_by_type_and_name(self):
        kind = self.pick(KINDS)
        name = f"Get{kind.capitalize()}ByTypeAndName"
        names = [*NAMES, *(f"n{i}" for i in range(30))]
        return name, self.typed(name, **{f"{kind}_name": self.pick(names)})

    def get_type(self):
        name = f"Get{self.pick(KINDS).capitalize()}Type"
        return name, self.typed(name)

    def get_types(self):
        name = f"Get{self.pick(KINDS).capitalize()}Types"
        return name, getattr(service_pb, f"{name}Request")()

    def get_types_by_id(self):
        kind = self.pick(KINDS)
        name = f"Get{kind.capitalize()}TypesByID"
        ids = [self.type_id(kind) for _ in range(self.random.randint(0, 3))]
        return name, getattr(service_pb, f"{name}Request")(type_ids=ids)

    def get_by_external_ids(self):
        kind = self.pick(KINDS).capitalize()
        name, ids = (
            (f"Get{kind}sByExternalIds", EXTERNAL_IDS)
            if self.flag(0.7)
            else (f"Get{kind}TypesByExternalIds", ["t1", "t2", "t3"])
        )
        chosen = self.random.choices([*ids, "none"], k=self.random.randint(0, 3))
        if self.flag(0.05):
            chosen.append("")
        return name, getattr(service_pb, f"{name}Request")(external_ids=chosen)

    def get_by_uri(self):
        uris = self.random.choices(URIS, k=self.random.randint(0, 3))
        return "GetArtifactsByURI", service_pb.GetArtifactsByURIRequest(uris=uris)

    def get_events(self):
        kind = self.pick((ARTIFACT, EXECUTION))
        name = f"GetEventsBy{kind.capitalize()}IDs"
        ids = [self.node_id(kind) for _ in range(self.random.randint(0, 4))]
        return name, getattr(service_pb, f"{name}Request")(**{f"{kind}_ids": ids})

    def get_contexts_of(self):
        kind = self.pick((ARTIFACT, EXECUTION))
        name = f"GetContextsBy{kind.capitalize()}"
        return name, getattr(service_pb, f"{name}Request")(**{f"{kind}_id": self.node_id(kind)})

    def get_related(self):
        way = self.pick(("Parent", "Children"))
        if self.flag(0.5):
            name = f"Get{way}ContextsByContext"
            return name, getattr(service_pb, f"{name}Request")(context_id=self.node_id(CONTEXT))
        name = f"Get{way}ContextsByContexts"
        ids = [self.node_id(CONTEXT) for _ in range(self.random.randint(0, 3))]
        return name, getattr(service_pb, f"{name}Request")(context_ids=ids)

    def get_list(self):
        kind = self.pick(KINDS)
        name = f"Get{kind.capitalize()}s"
        if self.flag(0.4) and kind != CONTEXT:
            name += "ByContext"
            request = getattr(service_pb, f"{name}Request")(context_id=self.node_id(CONTEXT))
        elif self.flag(0.3):
            name += "ByType"
            request = self.typed(name)
        else:
            request = getattr(service_pb, f"{name}Request")()
        if self.flag(0.7):
            options = request.options
            options.order_by_field.field = self.random.choice([1, 1, 3, 3, 3, 0])
            options.order_by_field.is_asc = self.flag(0.5)
            if self.flag(0.1):
                options.max_result_size = self.pick([0, -1, 1, 3, 100])
        return name, request

    def get_lineage_graph(self):
        return "GetLineageGraph", service_pb.GetLineageGraphRequest()

    def by_ids(self, kind):
        ids = [self.node_id(kind) for _ in range(self.random.randint(1, 3))]
        return f"id IN ({', '.join(f'{{{kind}:{each}}}' for each in ids)})"

    def starting(self, kind):
        if self.flag(0.2):
            return self.pick(["", "id < 0", "type = 'Alpha'", "events_0.type = INPUT", "nope = 1"])
        return self.by_ids(kind)

    def get_subgraph(self):
        request = service_pb.GetLineageSubgraphRequest()
        options = request.lineage_subgraph_query_options
        if not self.flag(0.02):
            kind = self.pick((ARTIFACT, EXECUTION))
            chosen = getattr(options, f"starting_{kind}s")
            chosen.filter_query = self.starting(kind)
        if self.flag(0.7):
            options.max_num_hops = self.random.choice([0, 1, 2, 3, 4, 7, 200, -1])
        if self.flag(0.8):
            options.direction = self.random.randint(0, 3)
        for kind, state in ((ARTIFACT, "state = LIVE"), (EXECUTION, "last_known_state != NEW")):
            if self.flag(0.2):
                ending = getattr(options, f"ending_{kind}s")
                ending.filter_query = self.pick(["type = 'Beta'", self.by_ids(kind), "", state])
                ending.include_ending_nodes = self.flag(0.5)
        if self.flag(0.5):
            names = [field.name for field in pb.LineageGraph.DESCRIPTOR.fields]
            request.read_mask.paths.extend(
                self.random.choices([*names, "nope"], k=self.random.randint(0, 4))
            )
        return "GetLineageSubgraph", request

    WRITES = (
        (put_nodes, 6),
        (put_execution, 6),
        (put_subgraph, 3),
        (put_events, 4),
        (put_links, 3),
        (put_parents, 2),
        (put_type, 3),
        (put_types, 1),
    )
    READS = (
        (get_by_ids, 3),
        (get_by_type, 2),
        (get_by_type_and_name, 2),
        (get_type, 1),
        (get_types, 1),
        (get_types_by_id, 1),
        (get_by_external_ids, 2),
        (get_by_uri, 1),
        (get_events, 3),
        (get_contexts_of, 2),
        (get_related, 1),
        (get_list, 6),
        (get_subgraph, 5),
    )
