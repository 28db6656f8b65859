/// What the host answers about apps, their events and notes.
extension Core {
  private var args: [String: String] { ["args": "A JSON object."] }

  var appRoutes: [String: OwnRoute] {
    [appOrders, eventOrders].reduce(noteOrders) { routes, more in
      routes.merging(more) { _, _ in preconditionFailure("a path is answered once") }
    }
  }

  private var eventOrders: [String: OwnRoute] {
    let desk = EventDesk(core: self)
    let groups = EventGroupDesk(desk: desk)
    let events = ["events": "A JSON array of keys.", "set_visibility": "hide or show"]
    return [
      "/i/events/edit_map": OwnRoute(
        need: .right(.update, "events"),
        about: .init(
          "Changes how events are called, shown and counted.",
          [
            "event_map": "By event.", "event_order": "Keys.", "event_overview": "Items.",
            "omitted_segments": "By event.",
          ]), answer: desk.editMap),
      "/i/events/whitelist_segments": OwnRoute(
        need: .right(.update, "events"),
        about: .init(
          "Counts some segments alone.", ["whitelisted_segments": "By event."]),
        answer: desk.whitelist),
      "/i/events/delete_events": OwnRoute(
        need: .right(.delete, "events"), about: .init("Deletes events.", events),
        answer: desk.delete),
      "/i/events/change_visibility": OwnRoute(
        need: .right(.update, "events"), about: .init("Hides or shows events.", events),
        answer: desk.changeVisibility),
      "/i/event_groups/create": OwnRoute(
        need: .right(.create, "core"), about: .init("Makes a group of events.", args),
        answer: groups.create),
      "/i/event_groups/update": OwnRoute(
        need: .right(.update, "core"), about: .init("Changes groups of events.", args),
        answer: groups.update),
      "/i/event_groups/delete": OwnRoute(
        need: .right(.delete, "core"), about: .init("Deletes groups of events.", args),
        answer: groups.delete),
      "/o?method=get_event_groups": OwnRoute(
        need: .readCore, isAboutApp: true, about: .reading("All groups of events."),
        answer: groups.all),
      "/o?method=get_event_group": OwnRoute(
        need: .readCore, isAboutApp: true, about: .init("One group of events.", ["_id": "Its id."]),
        answer: groups.one),
    ]
  }

  private var noteOrders: [String: OwnRoute] {
    let (notes, entries) = (NoteDesk(core: self), EntryDesk(core: self))
    let notesAsked = ["notes_apps": "A JSON array of ids.", "sSearch": "A part of a note."]
    return [
      "/i/notes/save": OwnRoute(
        need: .right(.create, "core"), about: .init("Keeps a note.", args), answer: notes.save),
      // Whose note it is decides, and who administers its app.
      "/i/notes/delete": OwnRoute(
        need: .readCore, about: .init("Deletes a note.", ["note_id": "Its id."]),
        answer: notes.delete),
      "/o/notes": OwnRoute(
        need: .readCore, about: .reading("Notes on moments.", notesAsked), answer: notes.list),
      "/o?method=notes": OwnRoute(
        need: .readCore, isAboutApp: true, about: .reading("Notes on moments.", notesAsked),
        answer: notes.list),
      "/o/cms/entries": OwnRoute(
        need: .readCore, about: .init("Entries that clients keep.", ["_id": "Their name."]),
        answer: entries.list),
      "/i/cms/save_entries": OwnRoute(
        need: .right(.create, "core"),
        about: .init("Keeps entries.", ["_id": "Their name.", "entries": "A JSON array."]),
        answer: entries.save),
      "/i/cms/clear": OwnRoute(
        need: .right(.create, "core"), about: .init("Forgets entries.", ["_id": "Their name."]),
        answer: entries.clear),
    ]
  }

  private var appOrders: [String: OwnRoute] {
    let (desk, listing) = (AppDesk(core: self), AppListing(core: self))
    let removals = AppRemovalDesk(core: self)
    let withIcon = args.merging([AppIcon.field: "A PNG, JPEG or GIF: a file of a form."]) { $1 }
    return [
      "/i/apps/delete": OwnRoute(
        need: .globalAdmin, about: .init("Deletes an app with everything.", args),
        answer: removals.delete),
      "/i/apps/reset": OwnRoute(
        need: .globalAdmin, about: .init("Takes data of an app away.", args), answer: removals.reset
      ),
      "/i/apps/create": OwnRoute(
        need: .globalAdmin, bodyBytesMax: AppIcon.formBytesMax,
        about: .init("Makes an app.", withIcon), answer: desk.create),
      AppDesk.path: OwnRoute(
        need: .appAdmin, bodyBytesMax: AppIcon.formBytesMax,
        about: .init("Changes an app.", withIcon), answer: desk.update),
      "/i/apps/update/plugins": OwnRoute(
        need: .appAdmin, about: .init("Keeps what plugins are told of one app.", args),
        answer: desk.updatePlugins),
      "/o/apps/all": OwnRoute(
        need: .globalAdmin, about: .reading("All apps."), answer: listing.all),
      "/o/apps/mine": OwnRoute(
        need: .member, about: .reading("The apps of the caller."), answer: listing.mine),
      "/o/apps/details": OwnRoute(
        need: .appAdmin, about: .reading("One app, and who may do what with it."),
        answer: listing.details),
      "/o/apps/plugins": OwnRoute(
        need: .globalAdmin,
        about: .reading("What plugins are told of one app.", ["name": "Of one plugin."]),
        answer: listing.plugins),
    ]
  }
}
