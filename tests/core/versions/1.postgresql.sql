CREATE TABLE public.about (
    name character varying(20) NOT NULL,
    value character varying(100) NOT NULL
);
CREATE TABLE public.actions (
    id integer NOT NULL,
    class_id integer NOT NULL,
    at double precision NOT NULL,
    sentence character varying(700) NOT NULL,
    "table" character varying(40),
    row_id integer,
    before json,
    after json,
    undone double precision
);
CREATE SEQUENCE public.actions_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.actions_id_seq OWNED BY public.actions.id;
CREATE TABLE public.classes (
    id integer NOT NULL,
    code character varying(6) NOT NULL,
    title character varying(60) NOT NULL,
    opened double precision NOT NULL,
    closed double precision,
    delete_after double precision NOT NULL,
    nicknames boolean NOT NULL,
    most integer NOT NULL,
    message character varying(500),
    message_at double precision,
    epochs integer,
    seconds double precision,
    waiting integer
);
CREATE SEQUENCE public.classes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.classes_id_seq OWNED BY public.classes.id;
CREATE TABLE public.leftovers (
    visitor character varying(32) NOT NULL,
    since double precision NOT NULL
);
CREATE TABLE public.members (
    id integer NOT NULL,
    class_id integer NOT NULL,
    visitor character varying(32) NOT NULL,
    public_id character varying(12) NOT NULL,
    handle character varying(40) NOT NULL,
    handle_key character varying(80) NOT NULL,
    joined double precision NOT NULL,
    seen double precision NOT NULL,
    page character varying(20) NOT NULL,
    state character varying(10) NOT NULL,
    hidden boolean NOT NULL
);
CREATE SEQUENCE public.members_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.members_id_seq OWNED BY public.members.id;
CREATE TABLE public.tokens (
    hash character varying(64) NOT NULL,
    kind character varying(10) NOT NULL,
    member_id integer,
    parent character varying(64),
    made double precision NOT NULL,
    expires double precision
);
ALTER TABLE ONLY public.actions ALTER COLUMN id SET DEFAULT nextval('public.actions_id_seq'::regclass);
ALTER TABLE ONLY public.classes ALTER COLUMN id SET DEFAULT nextval('public.classes_id_seq'::regclass);
ALTER TABLE ONLY public.members ALTER COLUMN id SET DEFAULT nextval('public.members_id_seq'::regclass);
INSERT INTO public.about VALUES ('version', '1');
INSERT INTO public.about VALUES ('server_key', 'd7e095f2c47c5c9c6257ab80b2c73751db329c51d2a37951698639eef25faacb');
INSERT INTO public.actions VALUES (1, 1, 1795957827.0628154, 'Opened the class 8b, Tuesday.', NULL, NULL, 'null', 'null', NULL);
INSERT INTO public.actions VALUES (2, 1, 1795957827.1239588, 'Hid the name Mint elk.', 'members', 2, '{"hidden": false}', '{"hidden": true}', NULL);
INSERT INTO public.actions VALUES (3, 1, 1795957827.1304955, 'Removed Mint elk.', 'members', 2, '{"state": "here"}', '{"state": "removed"}', NULL);
INSERT INTO public.actions VALUES (4, 1, 1795957827.132488, 'Sent everyone the message: Eyes on me', 'classes', 1, '{"message": null, "message_at": null}', '{"message": "Eyes on me", "message_at": 1795957827.1324763}', NULL);
INSERT INTO public.actions VALUES (5, 2, 1795957827.1429348, 'Opened the class Gone.', NULL, NULL, 'null', 'null', NULL);
INSERT INTO public.actions VALUES (6, 2, 1795957827.1505601, 'Closed the class.', 'classes', 2, '{"closed": null}', '{"closed": 1795957827.1501641}', NULL);
INSERT INTO public.classes VALUES (1, 'XWPXRX', '8b, Tuesday', 1795957827.0118358, NULL, 4102444800, true, 25, 'Eyes on me', 1795957827.1324763, 3, 180, 2);
INSERT INTO public.classes VALUES (2, 'ZDVSPK', 'Gone', 1795957827.1419208, 1795957827.1501641, 4102444800, false, 60, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.members VALUES (1, 1, '4742a44a44be12fe43489806cc3b9b22', 'ca85f4cb4f6a', 'Zoë', 'zoe', 1795957827.0725315, 1795957827.0725315, '', 'here', false);
INSERT INTO public.members VALUES (2, 1, '5ab29c26d349257aedc1313f6353ad8f', 'b7d109ec5d6a', 'Mint elk', 'mintelk', 1795957827.0863895, 1795957827.0863895, '', 'removed', true);
INSERT INTO public.members VALUES (3, 2, '15252295dba7b9222c5e20af5a4b4a76', 'dd8f7a634c85', 'Turquoise puffin', 'turquoisepuffin', 1795957827.147313, 1795957827.147313, '', 'here', false);
INSERT INTO public.tokens VALUES ('8893867cb93daacb5f20dd6f2b8442bda6a70ddcd81ce9f54d086a985bc885c3', 'member', 1, NULL, 1795957827.0735738, NULL);
INSERT INTO public.tokens VALUES ('6484056e84ddb4cbdb8c613b5b61fb87ed72ce1764894f91ecffd62d142ef30a', 'member', 2, NULL, 1795957827.086828, NULL);
INSERT INTO public.tokens VALUES ('1c9df2c934f05c1dc3d1104a7b2f4f8ef3f532311e13c1244487fe2bde6d28f4', 'member', 1, '8893867cb93daacb5f20dd6f2b8442bda6a70ddcd81ce9f54d086a985bc885c3', 1795957827.1190825, NULL);
INSERT INTO public.tokens VALUES ('07e05cbbbddfaa00334dc94fdfca53693187d662212e9dcbe5fc0077f77c2dc1', 'member', 3, NULL, 1795957827.1476457, NULL);
SELECT pg_catalog.setval('public.actions_id_seq', 6, true);
SELECT pg_catalog.setval('public.classes_id_seq', 2, true);
SELECT pg_catalog.setval('public.members_id_seq', 3, true);
ALTER TABLE ONLY public.about
    ADD CONSTRAINT about_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.actions
    ADD CONSTRAINT actions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.classes
    ADD CONSTRAINT classes_code_key UNIQUE (code);
ALTER TABLE ONLY public.classes
    ADD CONSTRAINT classes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.leftovers
    ADD CONSTRAINT leftovers_pkey PRIMARY KEY (visitor);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_class_id_handle_key_key UNIQUE (class_id, handle_key);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_class_id_public_id_key UNIQUE (class_id, public_id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_visitor_key UNIQUE (visitor);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (hash);
CREATE INDEX ix_actions_class_id ON public.actions USING btree (class_id);
CREATE INDEX ix_classes_delete_after ON public.classes USING btree (delete_after);
CREATE INDEX ix_tokens_expires ON public.tokens USING btree (expires);
CREATE INDEX tokens_of_member ON public.tokens USING btree (member_id);
ALTER TABLE ONLY public.actions
    ADD CONSTRAINT actions_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.classes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.classes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.members(id) ON DELETE CASCADE;
